"""The report as people and spreadsheets read it."""

import csv
import io
import json
from typing import Any

import pytest

from paygate.domain.formulas import guard
from reconciliation.model import COUNTED, FATES, REASONS, Reason, Verdict
from reconciliation.rendering import WORDS, Language, render_csv, render_text
from tests.reports import report


def test_vietnamese_comes_first() -> None:
    text = render_text(report())
    assert text.startswith("BÁO CÁO ĐỐI SOÁT NGÀY 08/05/2024 · haiduong · CÓ CHÊNH LỆCH")
    assert "1.234.567\N{NO-BREAK SPACE}₫" in text
    assert "Thành công 75,00 % = 3/4" in text


def test_english_says_the_same() -> None:
    text = render_text(report(), "en")
    assert text.startswith("RECONCILIATION REPORT OF 08/05/2024 · haiduong · DISCREPANT")
    assert REASONS[Reason.BANK_MISSING].en in text


def test_agencies_sources_and_procedures_are_told_apart_in_the_text_and_in_the_table() -> None:
    text = render_text(report(), "en")
    assert all(said in text for said in ("Unknown agency", "No source", "1.005129 Cấp phép", "Unknown procedure"))
    rows = list(csv.DictReader(io.StringIO(render_csv(report()))))
    (missing,) = [
        row for row in rows if (row["of"], row["code"], row["name"]) == ("source", "hd-dvcqg", "bank_missing")
    ]
    assert (missing["count"], missing["amount"]) == ("1", "100000")
    assert {row["of"] for row in rows} == {"", "agency", "source", "procedure", "currency"}


def test_what_is_in_another_currency_stands_apart_and_in_no_sum() -> None:
    text = render_text(report(), "en").replace("\N{NO-BREAK SPACE}", " ")
    assert "Other currencies, added to nothing" in text
    assert text.count("12,50 USD") == 3
    rows = list(csv.DictReader(io.StringIO(render_csv(report()))))
    assert [(row["section"], row["code"], row["amount"]) for row in rows if row["of"] == "currency"] == [
        ("totals", "USD", "1250"),
        ("classes", "USD", "1250"),
        ("reasons", "USD", "1250"),
    ]


def test_the_seal_says_its_run_and_what_that_corrects() -> None:
    *_, fates, seal = render_text(report(), "en").splitlines()
    assert fates.startswith("Discrepancies since the run before: new 0")
    assert seal == f"Seal {'0' * 64} · run 12 · corrects run 9 · 2 cases"
    rows = {row["section"]: row for row in csv.DictReader(io.StringIO(render_csv(report())))}
    assert (rows["run"]["name"], rows["digest"]["name"]) == ("12", "0" * 64)


@pytest.mark.parametrize("fate", FATES)
def test_every_fate_of_a_discrepancy_has_its_word(fate: str) -> None:
    assert all(WORDS[fate])


def test_a_cell_that_begins_like_a_formula_is_defused() -> None:
    rows = list(csv.DictReader(io.StringIO(render_csv(report()))))
    names = {row["code_name"] for row in rows}
    assert "'=cmd|'/c calc'!A1" in names
    assert not any(name.startswith("=") for name in names)


def test_no_known_payload_reaches_a_spreadsheet_as_a_formula(shared: Any) -> None:
    triggers = json.loads((shared / "corpora/nasty/csv-injection/trigger_first_chars.json").read_text(encoding="utf-8"))
    payloads = json.loads((shared / "corpora/nasty/csv-injection/payloads.json").read_text(encoding="utf-8"))
    texts = [one for one in _texts([triggers, payloads]) if one[:1] in set("=+-@\t\r\n\0＝＋－＠")]
    assert texts
    assert all(str(guard(one)).startswith("'") for one in texts)


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    return [text for one in value for text in _texts(one)] if isinstance(value, list) else []


def test_a_negative_amount_stays_a_number() -> None:
    rows = list(csv.DictReader(io.StringIO(render_csv(report()))))
    assert {row["amount"] for row in rows if row["name"] == "bank"} == {"-5"}


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("vi", ["Phải thu", "Thanh toán", "Quyết toán", "Ngân hàng", "Kho bạc", "Biên lai", "Cờ báo cáo"]),
        ("en", ["Obligations", "Payments", "Settlement", "Bank", "Treasury", "Receipts", "Report flag"]),
    ],
)
def test_every_leg_has_its_line_and_its_word(language: Language, words: list[str]) -> None:
    table = render_text(report(), language).split("\n\n")[1].splitlines()[2:]
    assert [line.split("  ")[0] for line in table] == words
    rows = [row for row in csv.DictReader(io.StringIO(render_csv(report(), language))) if row["section"] == "totals"]
    rows = [row for row in rows if not row["of"]]
    assert [row["label"] for row in rows] == words


@pytest.mark.parametrize("unit", sorted({rule.responsible for rule in REASONS.values()}))
def test_every_unit_that_must_act_has_its_word(unit: str) -> None:
    assert all(WORDS[f"unit {unit}"])


@pytest.mark.parametrize("verdict", COUNTED)
def test_every_class_has_its_word_in_both_languages(verdict: Verdict) -> None:
    assert all(WORDS[verdict])


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_says_what_it_means_in_both_languages(reason: Reason) -> None:
    rule = REASONS[reason]
    assert rule.vi.endswith(".")
    assert rule.en.endswith(".")
    assert rule.vi != rule.en


def test_what_is_wrong_with_a_feed_is_said_in_the_readers_language() -> None:
    vi, en = (render_text(report(), language).replace("\N{NO-BREAK SPACE}", " ") for language in ("vi", "en"))
    assert "0011: số dư đầu kỳ 5 ₫ khác số dư cuối kỳ trước 7 ₫\n" in vi
    assert "0011: it opens with 5 ₫, and the one before closed with 7 ₫\n" in en
    assert "hd-dvcqg: đủ" in vi


def test_a_spreadsheet_shows_each_feed_with_the_number_of_its_faults() -> None:
    rows = [row for row in csv.DictReader(io.StringIO(render_csv(report()))) if row["section"] == "feeds"]
    assert [(row["name"], row["count"]) for row in rows] == [("0011", "1"), ("hd-dvcqg", "0")]
