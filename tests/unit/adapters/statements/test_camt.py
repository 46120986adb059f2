"""What is read from a camt.053 file, entry by entry."""

from datetime import date

import pytest

from paygate.domain.errors import UnreadableStatementError
from paygate.domain.statement import RefusedRow, StatementEnd, StatementHead, StatementLine, Warned
from tests.camt_documents import DETAILS, amt, balance, batch, document, entry, lines, read, statement


def only_line(data: bytes) -> StatementLine:
    [line] = lines(data)
    return line


def test_an_entry_with_one_transaction_is_one_line_with_all_it_says() -> None:
    assert only_line(document(statement(entry()))) == StatementLine(
        row=1,
        booked_on=date(2024, 5, 8),
        value_on=None,
        amount=150_000,
        currency="VND",
        bank_reference="FT24001",
        reference="dvc0001",
        narrative="THANH TOAN HO SO H23.12-240508-0001",
        counterparty="NGUYEN VAN A",
        entry_reference="FT24001",
    )


def test_a_debit_is_negative_and_names_who_was_paid() -> None:
    line = only_line(document(statement(entry(direction="DBIT"))))
    assert (line.amount, line.counterparty) == (-150_000, "SO TU PHAP")


def test_a_reversal_keeps_the_direction_its_indicator_gives() -> None:
    line = only_line(document(statement(entry(direction="DBIT", more="<RvslInd>true</RvslInd>" + DETAILS))))
    assert (line.amount, line.reversal, line.counterparty) == (-150_000, True, "NGUYEN VAN A")


@pytest.mark.parametrize("version", ["02", "04", "08", "13"])
def test_every_version_reads_alike(version: str) -> None:
    assert only_line(document(statement(entry()), version=version)).reference == "dvc0001"


def test_a_status_before_version_8_stands_without_a_code() -> None:
    assert only_line(document(statement(entry(status="<Sts>BOOK</Sts>")))).amount == 150_000


def test_a_namespace_prefix_changes_nothing() -> None:
    plain = document(statement(entry())).decode().replace("xmlns=", "xmlns:c=")
    prefixed = plain.replace("</", "\0").replace("<", "<c:").replace("\0", "</c:").replace("<c:?", "<?")
    assert lines(prefixed.encode()) == lines(document(statement(entry())))


def test_indentation_changes_nothing() -> None:
    indented = document(statement(entry())).replace(b"><", b">\n    <")
    assert lines(indented) == lines(document(statement(entry())))


def test_signs_that_xml_must_escape_come_out_as_they_were_meant() -> None:
    text = "A &amp; B &lt;C&gt; &amp;lt; <![CDATA[<x>&y;]]>"
    details = f"<NtryDtls><TxDtls><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls>"
    assert only_line(document(statement(entry(more=details)))).narrative == "A & B <C> &lt; <x>&y;"


def test_an_attribute_with_brackets_does_not_shift_what_is_read() -> None:
    odd = entry().replace("<AcctSvcrRef>", "<AcctSvcrRef a=\"1>2\" b='&lt;x&gt;&quot;'>")
    assert only_line(document(statement(odd))) == only_line(document(statement(entry())))


def test_what_is_nested_otherwise_is_not_taken_for_what_it_is_named_after() -> None:
    elsewhere = entry(more="<BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd><X><Amt Ccy='EUR'>9</Amt></X>" + DETAILS)
    assert only_line(document(statement(elsewhere))).amount == 150_000


@pytest.mark.parametrize(
    ("references", "best"),
    [
        ("<EndToEndId>NOTPROVIDED</EndToEndId><InstrId>I1</InstrId><TxId>T1</TxId>", "I1"),
        ("<EndToEndId>notprovided</EndToEndId><TxId>T1</TxId>", "T1"),
        ("<EndToEndId/><InstrId>NOTPROVIDED</InstrId>", ""),
    ],
)
def test_a_reference_not_provided_gives_way_to_the_next(references: str, best: str) -> None:
    details = f"<NtryDtls><TxDtls><Refs>{references}</Refs></TxDtls></NtryDtls>"
    assert only_line(document(statement(entry(more=details)))).reference == best


def test_a_creditor_reference_is_the_reference_where_there_is_no_end_to_end_one() -> None:
    strd = "<RmtInf><Strd><CdtrRefInf><Ref>RF18</Ref></CdtrRefInf></Strd></RmtInf>"
    details = f"<NtryDtls><TxDtls><Refs><TxId>T1</TxId></Refs>{strd}</TxDtls></NtryDtls>"
    line = only_line(document(statement(entry(more=details))))
    assert (line.reference, line.narrative) == ("RF18", "RF18")


def test_a_batch_that_adds_up_is_a_line_for_each_transaction() -> None:
    found = lines(document(statement(entry(more=batch(amt(100_000), amt(50_000))))))
    assert [(line.row, line.amount, line.reference) for line in found] == [(1, 100_000, "E1"), (1, 50_000, "E2")]


def test_a_batch_of_version_2_keeps_its_amounts_deeper() -> None:
    deep = [f"<AmtDtls><TxAmt>{amt(amount)}</TxAmt></AmtDtls>" for amount in (100_000, 50_000)]
    assert [line.amount for line in lines(document(statement(entry(more=batch(*deep)))))] == [100_000, 50_000]


def test_a_batch_may_hold_a_transaction_of_the_other_direction() -> None:
    back = "<CdtDbtInd>DBIT</CdtDbtInd>"
    found = lines(document(statement(entry(more=batch(amt(200_000), amt(50_000) + back)))))
    assert [line.amount for line in found] == [200_000, -50_000]


@pytest.mark.parametrize(
    "amounts", [[amt(1), amt(2)], ["", ""], [amt(150_000), ""], [amt(100_000), amt(50_000, "EUR")]]
)
def test_a_batch_that_does_not_add_up_is_one_line_and_a_warning(amounts: list[str]) -> None:
    parts = read(document(statement(entry(more=batch(*amounts)))))
    [line] = [part for part in parts if isinstance(part, StatementLine)]
    [warning] = [part for part in parts if isinstance(part, Warned)]
    assert (line.amount, line.reference) == (150_000, "")
    assert "do not make up its own" in warning.text


def test_a_lone_transaction_of_another_amount_is_warned_of_and_the_entry_believed() -> None:
    parts = read(document(statement(entry(more=batch(amt(149_000))))))
    assert [part.amount for part in parts if isinstance(part, StatementLine)] == [150_000]
    assert any(isinstance(part, Warned) for part in parts)


def test_entries_that_are_not_booked_are_counted_and_left_out() -> None:
    pending = entry(status="<Sts>PDNG</Sts>")
    parts = read(document(statement(pending, entry(), pending)))
    assert [part.row for part in parts if isinstance(part, StatementLine)] == [2]
    assert Warned("2 entries have the status PDNG, are not booked and were left out") in parts
    assert isinstance(parts[-1], StatementEnd)
    assert parts[-1].entries == 3


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (entry("12,5"), "not an amount"),
        (entry("1.5"), "more decimals"),
        (entry("-1"), "has a sign"),
        (entry("9" * 30), "larger than any amount that is kept"),
        (entry(direction="BOTH"), "CdtDbtInd"),
        (entry(status=""), "no Sts"),
        (entry(booked=""), "no BookgDt"),
        (entry(booked="<BookgDt><Dt>2024-13-01</Dt></BookgDt>"), "not a date"),
        (entry().replace('Ccy="VND"', 'Ccy="dong"'), "currency"),
        ("<Ntry/>", "no Sts"),
    ],
)
def test_a_malformed_entry_is_refused_with_its_reason_and_its_neighbours_load(bad: str, reason: str) -> None:
    parts = read(document(statement(entry(), bad, entry())))
    [refused] = [part for part in parts if isinstance(part, RefusedRow)]
    assert refused.row == 2
    assert reason in refused.reason
    assert [part.row for part in parts if isinstance(part, StatementLine)] == [1, 3]


def test_balances_and_period_are_known_before_the_lines() -> None:
    period = "<FrToDt><FrDtTm>2024-05-08T00:00:00</FrDtTm><ToDtTm>2024-05-09T23:59:59</ToDtTm></FrToDt>"
    parts = read(document(statement(period, balance("PRCD", "1000"), balance("CLBD", "50", "DBIT"), entry())))
    assert parts[0] == StatementHead(
        "0011001234567", "S1", "VND", date(2024, 5, 8), date(2024, 5, 9), opening=1000, closing=-50
    )


def test_an_opening_balance_goes_before_a_previous_closing_one() -> None:
    [head, *_] = read(document(statement(balance("PRCD", "1"), balance("OPBD", "2"), balance("OPAV", "3"))))
    assert isinstance(head, StatementHead)
    assert head.opening == 2


def test_balances_behind_the_entries_are_told_at_the_end() -> None:
    *_, end = read(document(statement(entry(), balance("OPBD", "5"), balance("CLBD", "6"))))
    assert isinstance(end, StatementEnd)
    assert (end.opening, end.closing) == (5, 6)


def test_a_malformed_balance_is_warned_of() -> None:
    parts = read(document(statement(balance("OPBD", "x"), entry())))
    assert Warned("Bal: 'x' is not an amount") in parts


def test_several_statements_of_a_file_are_told_apart_and_rows_count_on() -> None:
    parts = read(document(statement(entry()), statement(), statement(entry())))
    kinds = [type(part).__name__ for part in parts]
    one = ["StatementHead", "StatementLine", "StatementEnd"]
    assert kinds == [*one, "StatementHead", "StatementEnd", *one]
    assert [part.row for part in parts if isinstance(part, StatementLine)] == [1, 2]


def test_more_entries_than_are_kept_in_the_tree_lose_none() -> None:
    assert [line.row for line in lines(document(statement(*[entry()] * 1500)))] == list(range(1, 1501))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"Ngay,So tien\n",
        b"<html><body/></html>",
        document(),
        document(entry()),
        document(statement(f"<X>{entry()}</X>")),
        document(statement(entry()))[:-20],
        document(statement(entry())).replace(b"</Stmt>", b"</Smtt>"),
        document(statement(entry("&bang;"))),
    ],
    ids=[
        "empty",
        "blank",
        "csv",
        "html",
        "no statement",
        "entry outside",
        "entry elsewhere",
        "cut",
        "tags that do not match",
        "entity",
    ],
)
def test_a_file_that_is_no_whole_message_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(UnreadableStatementError, match=r"^its? \S+"):
        read(data)


@pytest.mark.parametrize("prolog", ["<!DOCTYPE Document>", "<!-- a -->\n<!DOCTYPE Document [<!ENTITY a 'b'>]>"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "iso-8859-1"])
def test_a_doctype_is_refused_in_every_encoding(prolog: str, encoding: str) -> None:
    text = document(statement(entry()), prolog=prolog).decode()
    declared = "UTF-16" if "16" in encoding else encoding.removesuffix("-sig")
    with pytest.raises(UnreadableStatementError, match="DOCTYPE"):
        read(text.replace('"UTF-8"', f'"{declared}"').encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-7", "cp037", "utf-32", "utf-8\x00", "UCS-4"])
def test_an_encoding_in_which_a_doctype_could_hide_is_refused(encoding: str) -> None:
    text = document(statement(entry())).decode().replace('"UTF-8"', f'"{encoding}"')
    with pytest.raises(UnreadableStatementError):
        read(text.encode(encoding) if encoding in ("utf-7", "cp037", "utf-32") else text.encode())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "iso-8859-1", "windows-1252"])
def test_other_encodings_of_the_same_statement_read_alike(encoding: str) -> None:
    declared = "UTF-16" if "16" in encoding else encoding.removesuffix("-sig")
    text = document(statement(entry())).decode().replace('"UTF-8"', f'"{declared}"')
    assert lines(text.encode(encoding)) == lines(document(statement(entry())))


def test_a_root_too_far_down_is_refused() -> None:
    with pytest.raises(UnreadableStatementError):
        read(document(statement(entry()), prolog=f"<!--{'x' * 70_000}-->"))


def test_a_file_that_never_comes_to_an_entry_is_refused_before_it_fills_memory() -> None:
    with pytest.raises(UnreadableStatementError, match="16 MiB without an entry"):
        read(document(statement("<X>0123456789</X>" * 1_100_000)))


def test_a_statement_cut_anywhere_is_refused() -> None:
    data = document(statement(balance("OPBD", "0"), entry(), entry(), balance("CLBD", "300000")))
    for end in range(len(data.rstrip()) - 1):
        with pytest.raises(UnreadableStatementError):
            read(data[:end])
