"""What the portal is told when it asks what a dossier must pay, from the record and the ledger as they stand."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.dvcqg import DvcqgOptions
from adapters.dvcqg.simulator import DvcqgSimulator
from paygate.access import Role
from paygate.domain.lifecycle import Outcome, PaymentState
from tests.record_rows import a_row
from tests.served import DVCQG_OPTIONS, SECRET, Served, a_paid_notice, a_service, signed

DOSSIER = "000.00.12.H23-240508-0001"
PATH = "/v1/payables/hd-dvcqg"


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    async with a_service(database_url) as one:
        yield one


def question(dossier: str = DOSSIER, secret: str = SECRET) -> bytes:
    return DvcqgSimulator(secret.encode(), DvcqgOptions(**DVCQG_OPTIONS)).question(dossier)


async def put(served: Served, tenant: str = "haiduong", **changes: Any) -> None:
    headers = {**await served.token(tenant, Role.SERVICE), "Content-Type": "application/json"}
    async with served.session.put(
        f"{served.url}/v1/records", data=json.dumps([a_row(**changes)]), headers=headers
    ) as reply:
        assert [row["result"] for row in (await reply.json())["rows"]] in (["created"], ["updated"])


async def pay(served: Served, amount: int, state: str = "paid") -> None:
    await served.fetchval(
        "INSERT INTO payment (tenant_id, source_id, reference, transaction_id, reference_key, dossier_code, state,"
        " outcome, amount, currency, occurred_at, business_date)"
        " SELECT tenant_id, source_id, 'R', 'T', 'R', $3, $2::text::payment_state, 'paid', $1, 'VND', now(),"
        " now()::date FROM source WHERE code = 'hd-dvcqg'",
        amount,
        state,
        DOSSIER,
    )


async def ask(served: Served, dossier: str = DOSSIER) -> tuple[int, Any]:
    status, said = await served.post(question(dossier), PATH)
    assert status == 200
    return said["error_code"], said["message"]


async def test_what_a_dossier_owes_is_told_with_the_account_it_is_paid_into(served: Served) -> None:
    await put(served)
    code, message = await ask(served)
    assert (code, message["SoTien"], message["TKThuHuong"], message["MaNHThuHuong"]) == (1, "50000", "001", "970436")
    assert (message["TenTKThuHuong"], message["MaHoSo"]) == ("Tỉnh Hải Dương", DOSSIER)


async def test_after_a_part_is_paid_the_rest_is_due(served: Served) -> None:
    await put(served)
    await pay(served, 20_000)
    code, message = await ask(served)
    assert (code, message["SoTien"], message["DSKhoanNop"]) == (1, "30000", [{"NoiDung": "Lệ phí", "SoTien": "30000"}])


@pytest.mark.parametrize("state", ["paid", "pending"])
async def test_what_is_paid_or_being_paid_is_not_asked_for_again(served: Served, state: str) -> None:
    await put(served)
    await pay(served, 50_000, state)
    assert (await ask(served))[0] == 0


async def test_a_notice_that_is_stored_and_not_applied_yet_counts_as_being_paid(served: Served) -> None:
    await put(served)  # the worker is not running
    said = a_paid_notice(
        amount=50_000,
        occurred_at=datetime.now(UTC),
        description=f"THANH TOAN HO SO {DOSSIER}",
        state=PaymentState.PAID,
        outcome=Outcome.PAID,
    )
    assert (await served.post(signed(said)))[0] == 200
    assert (await ask(served))[0] == 0


@pytest.mark.parametrize("changes", [{"exempt": True}, {"status": "withdrawn"}, {"expires_on": "2024-05-07"}])
async def test_what_is_not_to_be_paid_is_not_asked_for(served: Served, changes: dict[str, Any]) -> None:
    await put(served, **changes)
    assert (await ask(served))[0] == 0


async def test_the_code_is_known_without_its_punctuation_where_it_can_mean_one_dossier(served: Served) -> None:
    await put(served)
    assert (await ask(served, "0000012h23 240508 0001"))[1]["MaHoSo"] == DOSSIER
    await put(served, dossier_code=DOSSIER.replace("-", "."))
    assert (await ask(served, "0000012h23 240508 0001"))[0] == -1
    assert (await ask(served))[0] == 1


async def test_an_unknown_dossier_and_another_tenants_are_the_same(served: Served) -> None:
    unknown = await ask(served)
    await put(served, tenant="haiphong")
    assert await ask(served) == unknown
    assert unknown[0] == -1


@pytest.mark.parametrize("body", [question(secret="GUESSED"), b"{}", b"[" * 300, b"\xff"])
async def test_a_question_that_is_not_signed_is_refused(served: Served, body: bytes) -> None:
    await put(served)
    status, said = await served.post(body, PATH)
    assert (status, said["error_code"]) == (401, -1)
    assert DOSSIER not in json.dumps(said)


@pytest.mark.parametrize("source", ["hd-vnpay", "nobody"])
async def test_only_a_source_that_asks_is_answered(served: Served, source: str) -> None:
    status, problem = await served.post(question(), f"/v1/payables/{source}")
    assert (status, problem["type"]) == (404, "urn:paygate:problem:not-found")
