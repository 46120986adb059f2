"""The rule sets of a tenant: stored by what they say, proposed by one person, put in force by another."""

from dataclasses import replace
from functools import lru_cache
from typing import Final

import asyncpg

from paygate.database import Connection, load_queries
from paygate.domain.errors import ConflictError, IntegrityError, NotAllowedError, NotFoundError
from reconciliation.policy import Policy
from reconciliation.rules.model import RuleSet
from reconciliation.rules.reading import read_rules, shipped_content, shipped_rules

QUERIES: Final = load_queries("reconciliation.sql", "rule_sets.sql")

CHOICE: Final = (
    "version",
    "proposed_by",
    "proposed_at",
    "approved_by",
    "approved_at",
    "dropped_by",
    "dropped_at",
    "answer",
)
"""What is stored of a proposal; of one that was dropped, by whom, and the answer of a checker who refused it."""
FACTS_OF_A_MARK: Final = 10_000
"""Facts marked in one row, roughly: their numbers run close together."""


async def in_force(connection: Connection, tenant_id: int, policy: Policy) -> Policy:
    """Return the policy with the rules approved last for a tenant; as it is where none were.

    Raises:
        IntegrityError: what is stored is not what was approved.
    """
    row = await connection.fetchrow(QUERIES["rule_set_in_force"], tenant_id)
    return policy if row is None else replace(policy, rules=_stored(row))


async def find_body(connection: Connection, tenant_id: int, version: str) -> str:
    """Return the TOML of a version as it is stored, else as it ships.

    Raises:
        NotFoundError, IntegrityError: as `find_rules`.
    """
    await find_rules(connection, tenant_id, version)
    row = await connection.fetchrow(QUERIES["find_rule_set"], tenant_id, version)
    return shipped_content().decode() if row is None else str(row["body"])


async def find_rules(connection: Connection, tenant_id: int, version: str) -> RuleSet:
    """Return the rules of a version, as a result names it.

    Raises:
        NotFoundError: it neither ships nor was it ever proposed for the tenant.
        IntegrityError: what is stored is not what was proposed.
    """
    if version == shipped_rules().version:
        return shipped_rules()
    row = await connection.fetchrow(QUERIES["find_rule_set"], tenant_id, version)
    if row is None:
        raise NotFoundError("there is no rule set %(version)r", version=version)
    return _stored(row)


def _stored(row: asyncpg.Record) -> RuleSet:
    rules = _read(row["body"], row["version"])
    if rules.digest != row["digest"]:
        raise IntegrityError(f"the rule set {row['version']} is not what was proposed: somebody has changed it")
    return rules


@lru_cache(maxsize=8)
def _read(body: str, version: str) -> RuleSet:
    return read_rules(body.encode(), version)


async def propose_rules(connection: Connection, tenant_id: int, content: bytes, rules: RuleSet, person: str) -> None:
    """Store a rule set, and note who wants it. `content` is the file it was read from.

    Raises:
        ConflictError: it waits for approval already, or is in force, or another set has taken its version.
    """
    active = await in_force(connection, tenant_id, Policy())
    if active.rules.version == rules.version:
        raise ConflictError("%(version)s is in force already", version=rules.version)
    await connection.execute(QUERIES["store_rule_set"], tenant_id, rules.version, rules.digest, content.decode("utf-8"))
    stored = await connection.fetchrow(QUERIES["find_rule_set"], tenant_id, rules.version)
    if stored is None or stored["digest"] != rules.digest:
        raise ConflictError("another rule set is called %(version)s: give this one another name", version=rules.version)
    if await connection.fetchval(QUERIES["propose_rule_set"], tenant_id, rules.version, person) is None:
        raise ConflictError("%(version)s waits for approval already", version=rules.version)


async def approve_rules(connection: Connection, tenant_id: int, version: str, person: str) -> str:
    """Put a proposed rule set in force, mark what is open to be judged by it, and return who had proposed it.

    Days that are closed stay as they are; what changes in them shows when they are closed again.

    Raises:
        NotFoundError: nobody has proposed it.
        NotAllowedError: the same person has.
    """
    choice_id, proposed_by = await _take(connection, tenant_id, version)
    if proposed_by == person:
        raise NotAllowedError(
            "%(person)s has proposed %(version)s: somebody else must approve it", person=person, version=version
        )
    await find_rules(connection, tenant_id, version)
    await connection.execute(QUERIES["approve_proposal"], tenant_id, choice_id, person)
    await mark_open(connection, tenant_id)
    return proposed_by


async def withdraw_rules(connection: Connection, tenant_id: int, version: str, person: str) -> None:
    """Take a proposal back.

    Raises:
        NotFoundError: it does not wait for approval.
        NotAllowedError: another person has proposed it.
    """
    choice_id, proposed_by = await _take(connection, tenant_id, version)
    if proposed_by != person:
        raise NotAllowedError(
            "%(person)s has proposed %(version)s, and alone may withdraw it", person=proposed_by, version=version
        )
    await connection.execute(QUERIES["drop_proposal"], tenant_id, choice_id, person, None)


async def reject_rules(connection: Connection, tenant_id: int, version: str, person: str, reason: str) -> str:
    """Refuse a proposal, and return who had made it. `reason` is what they will read.

    Raises:
        NotFoundError: it does not wait for approval.
        NotAllowedError: the same person has proposed it.
    """
    choice_id, proposed_by = await _take(connection, tenant_id, version)
    if proposed_by == person:
        raise NotAllowedError(
            "%(person)s has proposed %(version)s: withdraw it instead", person=person, version=version
        )
    await connection.execute(QUERIES["drop_proposal"], tenant_id, choice_id, person, reason)
    return proposed_by


async def _take(connection: Connection, tenant_id: int, version: str) -> tuple[int, str]:
    """Take a proposal for this transaction, and return its number and who has made it."""
    proposal = await connection.fetchrow(QUERIES["take_proposal"], tenant_id, version)
    if proposal is None:
        raise NotFoundError("no rule set %(version)r waits for approval", version=version)
    return proposal["choice_id"], proposal["proposed_by"]


async def mark_open(connection: Connection, tenant_id: int) -> None:
    """Have everything judged again that is not settled by its reference, or is said not to agree."""
    await connection.execute(QUERIES["mark_what_is_open"], tenant_id, FACTS_OF_A_MARK)
    await connection.execute(QUERIES["mark_open_dossiers"], tenant_id)


async def list_choices(connection: Connection, tenant_id: int) -> list[dict[str, object]]:
    """Return every proposal and what became of it, the oldest first, and which is in force."""
    rows = [dict(row) for row in await connection.fetch(QUERIES["list_choices"], tenant_id)]
    approved = [row for row in rows if row["approved_at"] is not None]
    latest = max(approved, key=lambda row: row["approved_at"], default=None)
    shipped = {**dict.fromkeys(CHOICE), "version": shipped_rules().version, "state": "ships" if latest else "in force"}
    return [shipped, *({**row, "state": _state(row, latest)} for row in rows)]


def _state(row: dict[str, object], latest: dict[str, object] | None) -> str:
    if row["dropped_at"] is not None:
        return "withdrawn" if row["dropped_by"] == row["proposed_by"] else "rejected"
    if row["approved_at"] is None:
        return "proposed"
    return "in force" if row is latest else "replaced"
