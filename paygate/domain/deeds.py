"""Every act that is written into the chain of who did what."""

from enum import StrEnum


class Deed(StrEnum):
    """An act as the chain names it. What it is about is the entry's subject: `discrepancy:12`, a person's name."""

    ROLE_GIVEN = "role_given"
    PERSON_ADDED = "person_added"
    PERSON_CHANGED = "person_changed"
    PERSON_DISABLED = "person_disabled"
    PERSON_ENABLED = "person_enabled"
    PERSON_SHUT_OUT = "person_shut_out"
    """Of every tenant."""
    PERSON_LET_IN = "person_let_in"
    TOKEN_ISSUED = "token_issued"  # noqa: S105 -- an act
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 -- an act
    PASSWORD_RESET = "password_reset"  # noqa: S105 -- an act
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 -- an act
    TOTP_ADDED = "totp_added"
    TOTP_REMOVED = "totp_removed"
    PROVIDER_RESET = "provider_reset"
    IDENTITY_BOUND = "identity_bound"
    SIGN_IN_PAUSED = "sign_in_paused"
    RULES_PROPOSED = "rules_proposed"
    RULES_APPROVED = "rules_approved"
    RULES_REJECTED = "rules_rejected"
    RULES_WITHDRAWN = "rules_withdrawn"
    MAPPING_PROPOSED = "mapping_proposed"
    MAPPING_APPROVED = "mapping_approved"
    MAPPING_REJECTED = "mapping_rejected"
    MAPPING_WITHDRAWN = "mapping_withdrawn"
    DISCREPANCY_ASSIGNED = "discrepancy_assigned"
    DISCREPANCY_UNASSIGNED = "discrepancy_unassigned"
    DISCREPANCY_COMMENTED = "discrepancy_commented"
    DISCREPANCY_ATTACHED = "discrepancy_attached"
    DISCREPANCY_PROPOSED = "discrepancy_proposed"
    DISCREPANCY_WITHDRAWN = "discrepancy_withdrawn"
    DISCREPANCY_REJECTED = "discrepancy_rejected"
    DISCREPANCY_APPROVED = "discrepancy_approved"
    DISCREPANCY_CLOSED = "discrepancy_closed"
    MATCH_UNDONE = "match_undone"
    MATCH_REJOINED = "match_rejoined"
    CLOSE_ASKED = "close_asked"
    REPORT_EXPORTED = "report_exported"
    NOTICE_BODY_TAKEN = "notice_body_taken"
    NOTICES_REPLAYED = "notices_replayed"
    DELIVERIES_REPLAYED = "deliveries_replayed"
    ENDPOINT_RESUMED = "endpoint_resumed"
    TRIMMED = "trimmed"
