"""Every act that is written down has words, and a page where there is one."""

from pathlib import Path

import pytest

from paygate.casework import DETAILS
from paygate.domain.casework import Act, ProposalState
from paygate.domain.deeds import Deed
from paygate.web.desk.deeds import DEEDS, About, place_of
from paygate.web.desk.trail_words import APART, KEYS
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


WRITTEN = {
    Deed.ROLE_GIVEN: "role agencies password",
    Deed.PERSON_ADDED: "roles agencies new password",
    Deed.PERSON_CHANGED: "before after roles agencies",
    Deed.PERSON_DISABLED: "",
    Deed.PERSON_ENABLED: "",
    Deed.PERSON_SHUT_OUT: "",
    Deed.PERSON_LET_IN: "",
    Deed.TOKEN_ISSUED: "role",
    Deed.TOKEN_REVOKED: "token role",
    Deed.PASSWORD_RESET: "",
    Deed.PASSWORD_CHANGED: "",
    Deed.TOTP_ADDED: "",
    Deed.TOTP_REMOVED: "",
    Deed.PROVIDER_RESET: "",
    Deed.IDENTITY_BOUND: "issuer",
    Deed.SIGN_IN_PAUSED: "failures",
    Deed.RULES_PROPOSED: "digest",
    Deed.RULES_APPROVED: "proposed_by",
    Deed.RULES_REJECTED: "proposed_by reason",
    Deed.RULES_WITHDRAWN: "",
    Deed.MAPPING_PROPOSED: "name version content",
    Deed.MAPPING_APPROVED: "name version answer",
    Deed.MAPPING_REJECTED: "name version answer",
    Deed.MAPPING_WITHDRAWN: "name version answer",
    Deed.DISCREPANCY_ASSIGNED: "reason amount currency state to from",
    Deed.DISCREPANCY_UNASSIGNED: "reason amount currency state to from",
    Deed.DISCREPANCY_COMMENTED: "reason amount currency state text",
    Deed.DISCREPANCY_ATTACHED: "reason amount currency state attachment name sha256",
    Deed.DISCREPANCY_PROPOSED: "reason amount currency state proposal kind detail text",
    Deed.DISCREPANCY_WITHDRAWN: "reason amount currency state proposal kind",
    Deed.DISCREPANCY_REJECTED: "reason amount currency state proposal kind text",
    Deed.DISCREPANCY_APPROVED: "reason amount currency state proposal kind",
    Deed.DISCREPANCY_CLOSED: "reason amount currency state proposal kind",
    Deed.MATCH_UNDONE: "id leg rule difference payments lines reason",
    Deed.MATCH_REJOINED: "id leg rule difference payments lines reason",
    Deed.CLOSE_ASKED: "job",
    Deed.REPORT_EXPORTED: "period kind language run sheet facts",
    Deed.NOTICE_BODY_TAKEN: "discrepancy",
    Deed.NOTICES_REPLAYED: "selected due applied notices",
    Deed.DELIVERIES_REPLAYED: "letters",
    Deed.ENDPOINT_RESUMED: "",
    Deed.TRIMMED: "gone kept before",
}
"""What is written down of each act."""


def test_every_part_of_what_is_written_down_has_a_word_or_stands_on_the_page_of_its_entry() -> None:
    assert set(WRITTEN) == set(Deed)
    proposed = {name for model in DETAILS.values() for name in model.model_fields}
    written = {name for names in WRITTEN.values() for name in names.split()} | proposed
    assert written == set(KEYS) | APART
    assert not [word for word in KEYS.values() if translations(Language.VI).gettext(word) == word]
