"""What stands on paper is what the report says, and can be copied from it."""

import csv
import io

import pytest

from paygate.access import Role
from paygate.domain.money import dong
from reconciliation.rendering import responsible, word
from tests.desk import Visitor, a_person
from tests.paper_text import text_of
from tests.province import DAYS
from tests.served import Served

REPORTS = "/desk/haiduong/reports"


def squeezed(text: str) -> str:
    """Leave out spaces: where a line is broken is no matter."""
    return "".join(text.split())


@pytest.mark.parametrize("period", [DAYS[0], "2024-05", "2024-Q2"])
async def test_the_figures_on_paper_are_those_of_the_report(province: Served, period: str) -> None:
    async with Visitor(province) as visitor:
        await visitor.sign_in(await a_person(province, Role.OFFICER))
        _, sums = await visitor.get(f"{REPORTS}/{period}.csv")
        async with visitor.session.get(f"{province.url}{REPORTS}/{period}.pdf") as reply:
            text = text_of(await reply.read())
    copied, rows = squeezed(text), list(csv.DictReader(io.StringIO(sums)))
    of_all = [row for row in rows if not row["of"]]
    for row in of_all:
        if row["section"] in {"totals", "classes", "reasons"}:
            who = responsible(row["name"], "vi") if row["section"] == "reasons" else ""
            count = f"{int(row['count']):,}".replace(",", ".")
            said = squeezed(f"{row['label']}{who}{count}{dong(int(row['amount']))}")
            assert said in copied, said
        if row["section"] == "proof" and row["name"] in {"left", "right", "explained", "residual"}:
            assert squeezed(dong(int(row["amount"]))) in copied
    (digest,) = [row["name"] for row in of_all if row["section"] == "digest"]
    assert copied.count(digest) >= 1
    assert squeezed("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM") in copied
    assert squeezed("Độc lập - Tự do - Hạnh phúc") in copied
    assert squeezed(word("other currencies", "vi")) in copied
    assert squeezed("1.500,00 USD") in copied
    if period == DAYS[0]:
        (run,) = [row["name"] for row in of_all if row["section"] == "run"]
        assert squeezed(f"Lượt {run}") in copied
