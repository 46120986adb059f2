"""Prints a report as offices do, in a process of its own: a PDF that is the same whenever the same is printed.

What is printed reaches the template as data alone, never as its text: a name with markup in it is a name.
"""

import base64
import csv
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from vn_numberwords import number_to_words

from paygate.domain.money import dong
from paygate.domain.period import read_period
from reconciliation.desk.cells import foreign
from reconciliation.desk.sheets import SHEETS, read_rows
from reconciliation.desk.summary import Table, say, tables_of, title_of, verdict_of
from reconciliation.rendering import Language, responsible, sentence, side, word

MOST_ROWS: Final = 2000
"""Of one table: setting more takes memory and time out of proportion."""
LONGEST_CODE: Final = 32
"""Characters of what a discrepancy is about: a code that is longer is nobody's to read from paper."""
PIECE: Final = 196_608
"""Bytes of the PDF in one item."""
LARGEST_SAID: Final = 10**15
"""From there on the words would be those of a rounded number."""
THREADS: Final = "2"
STANDARDS: Final = ["a-2a", "ua-1"]
"""To be kept for as long as the law says, and read aloud."""

Json = dict[str, Any]


SIGNERS: Final = {
    "vi": ["Người lập biểu", "Kế toán trưởng", "Thủ trưởng đơn vị"],
    "en": ["Prepared by", "Chief accountant", "Head of office"],
}
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "vi": {
        "nation": "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "motto": "Độc lập - Tự do - Hạnh phúc",
        "number": "Số:        /BC-……",
        "dated": "{place}, ngày …… tháng …… năm ………",
        "signature": "(Ký, ghi rõ họ tên)",
        "recipients": "Nơi nhận:",
        "kept": "- …………………;\n- Lưu: VT, ……",
        "in_words": "bằng chữ",
        "page": "In lúc {at}",
        "more": "Còn {count} vụ nữa trong tệp XLSX của cùng báo cáo.",
    },
    "en": {
        "nation": "SOCIALIST REPUBLIC OF VIET NAM",
        "motto": "Independence - Freedom - Happiness",
        "number": "No.:        /BC-……",
        "dated": "{place}, ……/……/………",
        "signature": "(Signature and full name)",
        "recipients": "To:",
        "kept": "- …………………;\n- File: VT, ……",
        "in_words": "in words",
        "page": "Printed at {at}",
        "more": "{count} more are in the XLSX file of the same report.",
    },
}
WIDTHS: Final[Mapping[str, Sequence[int]]] = {
    "days": (2, 3, 1, 4, 1),
    "reasons": (6, 3, 1, 0),
    "agency": (3, 5, 0, 0, 0, 0),
    "source": (3, 5, 0, 0, 0, 0),
    "procedure": (3, 5, 0, 0, 0, 0),
    "currencies": (1, 3, 0, 0),
    "feeds": (2, 6),
    "bridge": (1, 1, 1, 1),
    "open": (0, 0, 1, 0, 0, 0),
}
"""How columns share what the others leave; 0: as wide as what is in it. Of other tables the first is the wide one."""

_NOT_PRINTED = re.compile(
    r"[^\n -~\u00a0-\u024f\u0300-\u036f\u1e00-\u1eff\u2010-\u2027\N{DONG SIGN}\N{NUMERO SIGN}\N{MINUS SIGN}]"
)
"""What is no letter of Vietnamese or its neighbours: each of the three fonts has all of those."""


def print_report(file: BinaryIO) -> Iterator[str]:
    """Be what a child runs: read what is asked for and yield the PDF in pieces, in base64.

    `file` holds JSON: `language`, `tenant`, `printed_at`, `report`, `form`, and `sheets`, the files of what is open.
    """
    asked = json.load(file)
    document = set_type(asked)
    for start in range(0, len(document), PIECE):
        yield base64.b64encode(document[start : start + PIECE]).decode()


def set_type(asked: Json, kind: str = "pdf") -> bytes:
    """Return a report as a PDF, or its first page as a picture."""
    os.environ["RAYON_NUM_THREADS"] = THREADS  # before the library starts as many as the machine has processors
    import typst  # noqa: PLC0415 -- after that

    printed_at = datetime.fromisoformat(asked["printed_at"])
    template = resources.files("reconciliation.desk").joinpath("report.typ").read_bytes()
    compiled: Any = typst.compile  # its overloads want the kind as a literal
    made = compiled(
        template,
        format=kind,
        sys_inputs={"data": json.dumps(_printable(_laid_out(asked, printed_at)), ensure_ascii=False)},
        pdf_standards=STANDARDS if kind == "pdf" else [],
        timestamp=int(printed_at.timestamp()),
    )
    return bytes(made if isinstance(made, bytes) else made[0])


def _printable(value: Any) -> Any:
    """Put a question mark in place of every character that the fonts may lack: a document for keeping must have all."""
    if isinstance(value, str):
        return _NOT_PRINTED.sub("?", value)
    if isinstance(value, Mapping):
        return {name: _printable(one) for name, one in value.items()}
    return [_printable(one) for one in value] if isinstance(value, list | tuple) else value


def _laid_out(asked: Json, printed_at: datetime) -> Json:
    """Return what the template is told."""
    report, language = asked["report"], asked["language"]
    form = {**asked["form"], "signers": asked["form"]["signers"] or SIGNERS[language]}
    words = dict(WORDS[language])
    words["dated"] = words["dated"].format(place=form["place"] or "………………")
    return {
        "language": language,
        "title": title_of(read_period(report["period"]), language),
        "tenant": asked["tenant"],
        "verdict": verdict_of(report, language),
        "digest": report["digest"],
        "form": form,
        "words": words,
        "in_words": _in_words(report, language),
        "tables": [*(_printed(table) for table in tables_of(report, language)), *_open(asked, language)],
        "foot": {
            "left": _runs(report, language),
            "right": words["page"].format(at=f"{printed_at:%H:%M %d/%m/%Y}"),
            "seal": f"{say('digest', language)} {report['digest']}",
        },
    }


def _runs(report: Json, language: Language) -> str:
    if "run" not in report:
        return f"{say('days', language)}: {len(report['days'])}"
    said = f"{say('run', language)} {report['run']}"
    return said if report["corrects"] is None else f"{said}, {say('corrects', language).lower()} {report['corrects']}"


def _in_words(report: Json, language: Language) -> list[tuple[str, str]]:
    """Write out the two sides of the proof, as offices do with sums that are signed."""
    proof = report["proof"]
    return [
        (f"{side(name, report, language)} ({dong(proof[name])})", amount_in_words(proof[name]))
        for name in ("left", "right")
        if language == "vi"
    ]


def amount_in_words(amount: int) -> str:
    """Return an amount of đồng in Vietnamese words; one that nobody would write out in figures."""
    if abs(amount) >= LARGEST_SAID:
        return dong(amount)
    said = number_to_words(abs(amount))
    return f"{'Âm ' + said.lower() if amount < 0 else said.capitalize()} đồng"


def _printed(table: Table, note: str = "") -> Json:
    widths = WIDTHS.get(table.name, (1, *[0] * (len(table.kinds) - 1)))
    kept = table.rows[:MOST_ROWS]
    return {
        "title": table.title,
        "heads": list(table.heads),
        "kinds": list(table.kinds),
        "widths": list(widths),
        "rows": [[_text(cell, kind) for cell, kind in zip(row, table.kinds, strict=True)] for row in kept],
        "total": table.total and [_text(cell, kind) for cell, kind in zip(table.total, table.kinds, strict=True)],
        "note": note,
    }


def _text(cell: object, kind: str) -> str:
    if isinstance(cell, int):
        return dong(cell) if kind == "money" else f"{cell:,}".replace(",", ".")
    return str(cell or "")


def _open(asked: Json, language: Language) -> Iterator[Json]:
    """Yield the table of what does not agree and is not resolved, as far as paper goes."""
    sheet = SHEETS["discrepancies"]
    names = [column.name for column in sheet.columns]
    found = (dict(zip(names, row, strict=True)) for row in _rows(asked["sheets"].get(sheet.name, ())))
    rows = [_open_row(one, language) for one in islice(found, MOST_ROWS)]
    if not rows:
        return
    more = sum(1 for _ in found)
    heads = [
        *("№", word("open dossier", language), word("reasons", language), word("amount", language)),
        *(word("open since", language), word("open due", language)),
    ]
    table = Table(
        "open", word("open discrepancies", language), heads, ("text", "text", "text", "money", "text", "text"), rows
    )
    yield _printed(table, WORDS[language]["more"].format(count=more) if more else "")


def _open_row(one: Mapping[str, str], language: Language) -> tuple[str | int, ...]:
    about = (one["dossier"] or one["reference"] or one["account"])[:LONGEST_CODE]
    why = f"{sentence(one['reason'], language)} ({responsible(one['reason'], language)})"
    since, due = (f"{date.fromisoformat(one[name]):%d/%m/%Y}" for name in ("since", "due"))
    amount = int(one["amount"]) if one["amount"] else foreign(one["other_amount"])
    return one["number"], about, why, amount, since, due


def _rows(files: Sequence[str]) -> Iterator[list[str]]:
    for name in files:
        with Path(name).open(encoding="utf-8", newline="") as file:
            yield from read_rows(SHEETS["discrepancies"], csv.reader(file))
