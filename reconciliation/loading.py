"""Stored facts as the oracle takes them, and what is stored of their judgement."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import asyncpg

from paygate.database import Connection, load_queries
from paygate.domain.lifecycle import MONEY_CAME, PaymentState
from reconciliation.model import Reason
from reconciliation.oracle.facts import (
    BackFact,
    DiscrepancyFact,
    LineFact,
    MatchFact,
    PaymentFact,
    RecordFact,
    SourceFact,
    World,
)
from reconciliation.rules.model import RuleSet
from reconciliation.turn import PASS_SECONDS

QUERIES: Final = load_queries("reconciliation.sql", "loading.sql")

HANGING: Final = frozenset({PaymentState.INITIATED, PaymentState.PENDING})
MOST_ROUNDS: Final = 1000
"""Steps from fact to fact; no chain of real money is as long."""


async def load_world(
    connection: Connection, tenant_id: int, payment_ids: list[int] | None = None, line_ids: list[int] | None = None
) -> World:
    """Load these payments and lines with their records, sources and partings; all of the tenant's where it is None."""

    async def fetch(name: str, *arguments: object) -> list[asyncpg.Record]:
        return await connection.fetch(QUERIES[name], tenant_id, *arguments, timeout=PASS_SECONDS)

    payments = [_payment(row) for row in await fetch("load_payments", payment_ids)]
    lines = [LineFact(**row) for row in await fetch("load_lines", line_ids)]
    codes = None if payment_ids is None else sorted({one.dossier_code for one in payments if one.dossier_code})
    records = [_record(row) for row in await fetch("load_records", codes)]
    sources = {row["source_id"]: _source(row) for row in await fetch("load_sources")}
    parted = frozenset((row["leg"], row["payment_id"], row["fact_id"]) for row in await fetch("load_parted"))
    rows = await fetch("load_parted_payouts")
    payouts = frozenset((row["source_id"], row["code"], row["fact_id"]) for row in rows)
    closed = frozenset((row["subject"], Reason(row["reason"]), row["amount"]) for row in await fetch("load_closed"))
    rows = await fetch("load_joined")
    joined = frozenset((tuple(row["payment_ids"]), tuple(row["line_ids"])) for row in rows)
    return World(payments, lines, records, sources, parted, payouts, closed, joined)


def _payment(row: asyncpg.Record) -> PaymentFact:
    state = PaymentState(row["state"])
    came = state in MONEY_CAME
    return PaymentFact(
        payment_id=row["payment_id"],
        reference=row["reference"],
        dossier_code=row["dossier_code"],
        amount=row["amount"],
        currency=row["currency"],
        business_date=row["business_date"],
        account_id=row["account_id"],
        bank_days=row["bank_days"],
        came=came,
        conflicting=row["contradicted"],
        source_id=row["source_id"],
        hangs=state in HANGING,
        given_up_on=row["expired_on"],
        state=str(state) if came else str(PaymentState.PAID),
        occurred_at=row["occurred_at"],
        transaction_id=row["transaction_id"],
    )


def _record(row: asyncpg.Record) -> RecordFact:
    return RecordFact(row["dossier_code"], row["due"], row["status"], row["expires_on"], row["online_payment_flag"])


def _source(row: asyncpg.Record) -> SourceFact:
    named = {name: value for name, value in row.items() if name not in {"source_id", "fee_fixed", "fee_borne_by"}}
    return SourceFact(**named, fee_fixed=row["fee_fixed"] or 0, fee_borne_by=row["fee_borne_by"] or "agency")


async def reach_of_the_day(
    connection: Connection, tenant_id: int, day: date, rules: RuleSet
) -> tuple[World, frozenset[str]]:
    """Return all that the verdicts of a day's cases can rest on, and the subjects of those cases.

    Taken are the day's payments and lines and all payments of its dossiers, and from these step by step: what has the
    same reference or dossier, what is matched with them, what names each other in a narrative on the same account
    within the rules' windows, the lines of the same settlement batch with what pays or may pay it out, and what a
    reversal may take back. To be called while the cases of a `Tally` are laid out.
    """
    await connection.execute(QUERIES["create_reach_tables"])
    for name in ("reach_payments_of_the_day", "reach_lines_of_the_day"):
        await connection.execute(QUERIES[name], tenant_id, day, timeout=PASS_SECONDS)
    window = _widest_window(rules)
    for step in range(MOST_ROUNDS):
        await connection.execute("ANALYZE w_reached_payment, w_reached_line")
        found = [
            await connection.execute(QUERIES[name], tenant_id, step, *window, timeout=PASS_SECONDS)
            for name in ("reach_payments", "reach_lines")
        ]
        if all(status.endswith(" 0") for status in found):
            break
    reached = await connection.fetchrow(QUERIES["reached"])
    cases = await connection.fetch(QUERIES["cases_of_the_day"], tenant_id)
    await connection.execute(QUERIES["drop_reach_tables"])
    assert reached is not None  # noqa: S101 -- it has no FROM: one row always
    world = await load_world(connection, tenant_id, reached["payment_ids"], reached["line_ids"])
    return world, frozenset(row["subject"] for row in cases)


def _widest_window(rules: RuleSet) -> tuple[int, int]:
    windows = [rule.window_days for rule in rules.rules if hasattr(rule, "window_days")]
    return min(one.first for one in windows), max(one.last for one in windows)


async def load_matches(
    connection: Connection, tenant_id: int, payment_ids: Sequence[int], line_ids: Sequence[int]
) -> frozenset[MatchFact]:
    """Return the stored matches in which any of these takes part."""
    rows = await connection.fetch(QUERIES["load_matches"], tenant_id, payment_ids, line_ids, timeout=PASS_SECONDS)
    return frozenset(
        MatchFact(
            row["rule"],
            tuple(row["payment_ids"]),
            tuple(row["line_ids"]),
            row["difference"],
            row["leg"],
            None if row["code"] is None else (row["source_id"], row["code"]),
        )
        for row in rows
    )


async def load_discrepancies(
    connection: Connection, tenant_id: int, subjects: Sequence[str]
) -> frozenset[DiscrepancyFact]:
    """Return the live discrepancies of these subjects."""
    rows = await connection.fetch(QUERIES["load_discrepancies"], tenant_id, subjects, timeout=PASS_SECONDS)
    return frozenset(
        DiscrepancyFact(row["subject"], Reason(row["reason"]), row["amount"], row["since"]) for row in rows
    )


async def load_back(
    connection: Connection, tenant_id: int, payment_ids: Sequence[int], line_ids: Sequence[int]
) -> frozenset[BackFact]:
    """Return what is stored to have gone back by any of these lines, or of any of these payments."""
    rows = await connection.fetch(QUERIES["load_back"], tenant_id, payment_ids, line_ids, timeout=PASS_SECONDS)
    return frozenset(BackFact(**row) for row in rows)
