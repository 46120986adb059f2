"""However often a skeleton was met before, an entry reads the same."""

import pytest

from adapters.statements.camt_layout import (
    FORMS_TRIED,
    LONGEST_KEPT,
    MET_BEFORE_KNOWN,
    MOST_FORMS,
    SKELETONS_COUNTED,
    Layout,
    Layouts,
)
from tests.camt_documents import DETAILS, amt, batch, document, entry, lines, statement

PIECES = (
    "<AcctSvcrRef>FT{n}</AcctSvcrRef>",
    "<RvslInd>true</RvslInd>",
    "<ValDt><Dt>2024-05-0{d}</Dt></ValDt>",
    DETAILS,
    "<AddtlNtryInf>A &amp; B {n}</AddtlNtryInf>",
)


def various(number: int) -> str:
    """Write an entry of one of 32 skeletons."""
    more = "".join(piece for bit, piece in enumerate(PIECES) if number >> bit & 1)
    return entry(str(number), more=more.replace("{n}", str(number)).replace("{d}", str(number % 9 + 1)))


def alone(text: str) -> list[object]:
    [line] = lines(document(statement(text)))
    return [getattr(line, name) for name in line.__slots__ if name != "row"]


@pytest.mark.parametrize("kinds", [1, 2, FORMS_TRIED, FORMS_TRIED + 1, 32])
def test_an_entry_reads_among_many_of_its_skeleton_as_it_does_alone(kinds: int) -> None:
    entries = [various(number * 31 % kinds) for number in range(kinds * MET_BEFORE_KNOWN * 2)]
    together = lines(document(statement(*entries)))
    assert [line.row for line in together] == list(range(1, len(entries) + 1))
    found = [[getattr(line, name) for name in line.__slots__ if name != "row"] for line in together]
    once = {text: alone(text) for text in set(entries)}
    assert found == [once[text] for text in entries]


def test_a_batch_reads_among_many_as_it_does_alone() -> None:
    one = entry("30", more=batch(amt("10"), amt("20")))
    many = lines(document(statement(*[one] * MET_BEFORE_KNOWN * 2)))
    assert [(line.amount, line.reference) for line in many] == [(10, "E1"), (20, "E2")] * MET_BEFORE_KNOWN * 2


def values(layout: Layout, parts: object) -> list[str]:
    assert isinstance(parts, (list, tuple))
    return [parts[place] for place in layout[1:-1]]


def test_a_skeleton_is_known_whole_or_not_at_all() -> None:
    layouts = Layouts()
    text = '<Ntry><Amt Ccy="VND">{}</Amt><Sts>BOOK</Sts></Ntry>'
    for number in range(MET_BEFORE_KNOWN * 2):
        layout, parts = layouts.find(text.format(number))
        assert (layout.currency, parts[layout.amount], parts[layout.narrative]) == ("VND", str(number), "")
    for near in (text.replace("VND", "EUR"), text.replace("<Sts>", "<X/><Sts>"), text.replace("Sts>", "Stu>")):
        layout, parts = layouts.find(near.format(7))
        fresh_layout, fresh = Layouts().find(near.format(7))
        assert (layout.currency, values(layout, parts)) == (fresh_layout.currency, values(fresh_layout, fresh))


def test_skeletons_that_never_come_again_are_forgotten() -> None:
    layouts = Layouts()
    for number in range(SKELETONS_COUNTED * 2):
        layout, parts = layouts.find(f'<Ntry><Amt>{number}</Amt><X a="{number}"/></Ntry>')
        assert parts[layout.amount] == str(number)
    assert len(layouts._met) <= SKELETONS_COUNTED  # noqa: SLF001 -- what memory holds is the point


def test_a_file_of_ever_new_skeletons_gets_no_more_patterns_than_it_may() -> None:
    layouts = Layouts()
    for number in range(MOST_FORMS * 2 * MET_BEFORE_KNOWN * 2):
        kind = number // MET_BEFORE_KNOWN // 2
        layout, parts = layouts.find(f'<Ntry><Amt a="{kind}">{number}</Amt></Ntry>')
        assert parts[layout.amount] == str(number)
    assert len(layouts._forms) == MOST_FORMS  # noqa: SLF001 -- the number of patterns is the point


def test_a_skeleton_too_long_to_keep_is_read_as_often_as_it_comes() -> None:
    layouts = Layouts()
    text = f"<Ntry><Amt>{{}}</Amt>{'<Filler>x</Filler>' * (LONGEST_KEPT // 10)}</Ntry>"
    for number in range(MET_BEFORE_KNOWN * 2):
        layout, parts = layouts.find(text.format(number))
        assert parts[layout.amount] == str(number)
