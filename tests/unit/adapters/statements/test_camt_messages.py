"""camt.052 and 054 beside 053, versions beside each other, and what a message says of itself."""

import pytest

from paygate.domain.errors import UnreadableStatementError
from paygate.domain.statement import (
    RefusedRow,
    StatementEnd,
    StatementHead,
    StatementKind,
    StatementLine,
    StatementPart,
    Warned,
)
from tests.camt_documents import amt, balance, batch, document, entry, lines, read, statement

MESSAGES = {
    "camt.053": ("Stmt", StatementKind.STATEMENT),
    "camt.052": ("Rpt", StatementKind.REPORT),
    "camt.054": ("Ntfctn", StatementKind.NOTIFICATION),
}


def head_of(parts: list[StatementPart]) -> StatementHead:
    head = parts[0]
    assert isinstance(head, StatementHead)
    return head


def warnings(data: bytes) -> list[str]:
    return [part.text for part in read(data) if isinstance(part, Warned)]


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_tells_the_same_entry_alike_and_says_what_it_is(message: str) -> None:
    name, kind = MESSAGES[message]
    parts = read(document(statement(entry(), name=name), message=message))
    assert head_of(parts).kind is kind
    assert parts[1:] == read(document(statement(entry())))[1:]


@pytest.mark.parametrize("message", MESSAGES)
def test_several_of_a_file_are_told_apart(message: str) -> None:
    name, _ = MESSAGES[message]
    parts = read(document(statement(entry(), name=name), statement(entry(), name=name), message=message))
    one = ["StatementHead", "StatementLine", "StatementEnd"]
    assert [type(part).__name__ for part in parts] == one * 2


def test_a_report_may_hold_nothing_but_balances_of_the_running_day() -> None:
    *_, end = read(document(statement(balance("ITBD", "5"), name="Rpt"), message="camt.052"))
    assert isinstance(end, StatementEnd)
    assert (end.opening, end.closing, end.entries) == (None, None, 0)


def test_a_pending_entry_of_a_notification_is_no_line() -> None:
    data = document(statement(entry(status="<Sts>PDNG</Sts>"), name="Ntfctn"), message="camt.054")
    assert lines(data) == []
    assert warnings(data) == ["1 entries have the status PDNG, are not booked and were left out"]


@pytest.mark.parametrize(("namespace", "shown"), [("", "''"), ("urn:bank:camt", "'urn:bank:camt'")])
def test_a_namespace_that_is_missing_or_wrong_is_warned_of_and_the_rest_read(namespace: str, shown: str) -> None:
    data = document(statement(entry()), statement(entry()), namespace=namespace)
    assert len(lines(data)) == 2
    assert warnings(data) == [f"its namespace {shown} is not that of camt.053, as which it is read"]


def test_a_namespace_that_is_no_address_refuses_the_file() -> None:
    with pytest.raises(UnreadableStatementError, match="not a valid URI"):
        read(document(statement(entry()), namespace="urn:ca}t.053"))


def test_a_message_under_the_namespace_of_another_is_read_as_what_it_holds() -> None:
    data = document(statement(entry(), name="Ntfctn"), message="camt.053")
    assert head_of(read(data)).kind is StatementKind.NOTIFICATION
    assert "is not that of camt.054" in warnings(data)[0]


def test_a_transaction_of_a_batch_belongs_to_the_entry_the_bank_named() -> None:
    own = ["<Refs><AcctSvcrRef>T1</AcctSvcrRef></Refs>" + amt(100_000), amt(50_000)]
    first, second = lines(document(statement(entry(more="<AcctSvcrRef>R</AcctSvcrRef>" + batch(*own)))))
    assert (first.entry_reference, second.entry_reference) == ("R", "R")


@pytest.mark.parametrize(
    ("references", "name"),
    [
        ("<NtryRef>1</NtryRef>", ""),
        ("<AcctSvcrRef>NOTPROVIDED</AcctSvcrRef>", ""),
        ("<NtryDtls><TxDtls><Refs><AcctSvcrRef>T1</AcctSvcrRef></Refs></TxDtls></NtryDtls>", "T1"),
    ],
)
def test_only_what_the_bank_calls_an_entry_everywhere_names_it(references: str, name: str) -> None:
    [line] = lines(document(statement(entry(more=references))))
    assert line.entry_reference == name


@pytest.mark.parametrize(("message", "warned"), [("camt.053", 0), ("camt.052", 1), ("camt.054", 1)])
def test_entries_without_a_name_are_warned_of_where_a_statement_may_follow(message: str, warned: int) -> None:
    nameless = entry(more="")
    data = document(statement(nameless, nameless, entry(), name=MESSAGES[message][0]), message=message)
    assert len(lines(data)) == 3
    assert warnings(data) == ["2 entries have no AcctSvcrRef by which a statement could tell them again"] * warned


def test_transactions_of_version_1_stand_in_the_entry_itself() -> None:
    inside = entry(more=batch(amt(100_000), amt(50_000)))
    bare = inside.replace("<NtryDtls>", "").replace("</NtryDtls>", "")
    found = lines(document(statement(bare), version="01"))
    assert [(line.amount, line.reference) for line in found] == [(100_000, "E1"), (50_000, "E2")]


def test_a_batch_told_in_several_details_is_one_sum() -> None:
    details = batch(amt(100_000)) + batch(amt(50_000))
    assert [line.amount for line in lines(document(statement(entry(more=details))))] == [100_000, 50_000]


def test_number_and_page_of_a_statement_are_told() -> None:
    numbers = "<StmtPgntn><PgNb>2</PgNb></StmtPgntn><ElctrncSeqNb>0070</ElctrncSeqNb>"
    head = head_of(read(document(statement(numbers, entry()))))
    assert (head.sequence, head.page) == (70, 2)


@pytest.mark.parametrize("number", ["x", "-1", "9" * 19, "٣"])
def test_a_number_that_is_none_is_warned_of(number: str) -> None:
    data = document(statement(f"<ElctrncSeqNb>{number}</ElctrncSeqNb>", entry()))
    assert head_of(read(data)).sequence is None
    assert "is not a number" in warnings(data)[0]


def test_what_the_bank_sends_a_second_time_says_so() -> None:
    data = document(statement("<CpyDplctInd>DUPL</CpyDplctInd>", entry()))
    assert warnings(data) == ["the bank calls it a copy or duplicate (DUPL)"]


@pytest.mark.parametrize("path", ["<BBAN>1</BBAN>", "<PrtryAcct><Id>1</Id></PrtryAcct>", "<UPIC>1</UPIC>"])
def test_an_account_of_version_1_is_known(path: str) -> None:
    data = document(f"<Stmt><Id>S1</Id><Acct><Id>{path}</Id></Acct>{entry()}</Stmt>", version="01")
    assert head_of(read(data)).account == "1"


def test_a_line_of_one_message_is_the_line_of_another() -> None:
    [booked], [notified] = (
        [
            part
            for part in read(document(statement(entry(), name=name), message=message))
            if isinstance(part, StatementLine)
        ]
        for message, (name, _) in list(MESSAGES.items())[::2]
    )
    assert booked == notified


PERIOD = "<FrToDt><FrDtTm>{}T00:00:00</FrDtTm><ToDtTm>{}T23:59:59</ToDtTm></FrToDt>"


def test_an_entry_without_a_date_is_booked_on_the_single_day_of_its_statement() -> None:
    [line] = lines(document(statement(PERIOD.format("2024-05-08", "2024-05-08"), entry(booked=""))))
    assert line.booked_on.isoformat() == "2024-05-08"


@pytest.mark.parametrize("period", ["", PERIOD.format("2024-05-08", "2024-05-09")])
def test_an_entry_without_a_date_in_a_statement_of_several_days_is_refused(period: str) -> None:
    [refused] = [part for part in read(document(statement(period, entry(booked="")))) if isinstance(part, RefusedRow)]
    assert "no BookgDt" in refused.reason


@pytest.mark.parametrize(
    ("announced", "warned"),
    [("2", []), ("1", []), ("3", ["its summary counts 3 entries, and it has 2"])],
    ids=["all", "the booked ones", "one that is not there"],
)
def test_a_summary_that_counts_other_entries_is_warned_of(announced: str, warned: list[str]) -> None:
    summary = f"<TxsSummry><TtlNtries><NbOfNtries>{announced}</NbOfNtries></TtlNtries></TxsSummry>"
    pending = entry(status="<Sts>PDNG</Sts>")
    assert [text for text in warnings(document(statement(summary, entry(), pending))) if "summary" in text] == warned
