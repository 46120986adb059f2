"""The tables of the other legs: every entry once, in the columns their mappings name."""

import csv
from io import StringIO
from pathlib import Path

from paygate.demo.books import COLUMNS_OF, SENT, payouts_of, write_books
from paygate.demo.scene import Entry
from paygate.demo.stories import DAYS, plant
from paygate.domain.handover_status import Standing, standing_of
from paygate.domain.legs import Leg

ENTRIES = [entry for case in plant(2024, 0.05).cases for entry in case.facts.entries]


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(path.read_text(encoding="utf-8-sig"))))


def test_each_leg_has_a_table_of_each_day(tmp_path: Path) -> None:
    written = write_books(ENTRIES, tmp_path)
    assert len(written) == len(COLUMNS_OF) * len(DAYS)
    assert sum(lines for _, lines, _ in written) == len(ENTRIES)


def test_a_table_has_the_headers_its_mapping_names_and_a_row_for_each_entry(tmp_path: Path) -> None:
    for leg, lines, path in write_books(ENTRIES, tmp_path):
        rows = _rows(path)
        assert len(rows) == lines
        assert list(rows[0]) == list(COLUMNS_OF[leg].values())


def test_what_is_handed_over_says_so_in_words_that_are_known(tmp_path: Path) -> None:
    assert standing_of(SENT) is Standing.CAME_ABOUT
    for leg, _, path in write_books(ENTRIES, tmp_path):
        if leg is not Leg.SETTLEMENT:
            assert {row["Trạng thái"] for row in _rows(path)} == {SENT}


def test_a_stray_entry_names_no_dossier() -> None:
    strays: list[Entry] = [entry for entry in ENTRIES if not entry.dossier_code]
    assert {entry.leg for entry in strays} == set(COLUMNS_OF)


def test_a_batch_is_paid_out_as_the_net_of_its_lines() -> None:
    settled = [entry for entry in ENTRIES if entry.leg is Leg.SETTLEMENT]
    payouts = payouts_of(ENTRIES)
    assert [payout.booked_on for payout in payouts] == list(DAYS)
    assert sum(payout.amount for payout in payouts) == sum(entry.amount - entry.fee for entry in settled)
    assert all(settled[0].batch not in payout.narrative or payout.booked_on == settled[0].day for payout in payouts)
