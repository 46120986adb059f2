"""Every act that is written down has words, and a page where there is one."""

from pathlib import Path

import pytest

from paygate.domain.casework import Act, ProposalState
from paygate.domain.deeds import Deed
from paygate.web.desk.deeds import DEEDS, About, place_of
from paygate.web.desk.words import Language, translations

ROOT = Path(__file__).parents[2]


def test_every_act_has_words_in_both_languages() -> None:
    assert set(DEEDS) == set(Deed)
    assert not [word for word in DEEDS.values() if translations(Language.VI).gettext(word) == word]


def test_every_act_on_a_discrepancy_and_every_answer_to_a_mapping_is_written_down() -> None:
    assert {Deed(f"discrepancy_{act}") for act in Act} <= set(Deed)
    assert {Deed(f"mapping_{state}") for state in ProposalState if state is not ProposalState.OPEN} <= set(Deed)


def test_nothing_writes_an_entry_past_the_chain() -> None:
    """What `audit.append` takes is a Deed, which mypy holds: so every entry of the chain is one that has words."""
    folders = (ROOT / name for name in ("paygate", "adapters", "reconciliation"))
    files = [file for folder in folders for file in folder.rglob("*") if file.suffix in {".py", ".sql"}]
    writing = {file.name for file in files if "INSERT INTO audit_entry" in file.read_text(encoding="utf-8")}
    assert writing == {"audit.sql", "desk_ground.py"}  # the latter fills a bench's database


@pytest.mark.parametrize("deed", Deed)
def test_every_act_is_about_something(deed: Deed) -> None:
    about = About(deed, "kind:1", {"period": "2024-05"}, {"kind:1": 5})
    assert place_of(about) is not None or deed.startswith("match_")
