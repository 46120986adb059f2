"""However a world of facts comes out, trimming leaves what is open as it was, with all the evidence of it."""

import itertools
from datetime import UTC, date, datetime, timedelta

from hypothesis import event, given, settings
from hypothesis import strategies as st

from paygate import audit
from paygate.database import Connection, Database
from paygate.domain.retention import Kept
from paygate.months import make_months
from paygate.retention import Trimming
from reconciliation.oracle.facts import Judgement, World
from tests.decided_cases import lay_decisions
from tests.property.test_matcher_equals_oracle import AS_OF, EXAMPLES, SHIPPED, expected, stored, turn
from tests.worlds import DAY, WORLDS, lay_lines, lay_payments, lay_records, lay_sources, lay_tenant, mark_dirty, worlds

_codes = itertools.count(1)
CAME = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC)
MUCH_LATER = CAME + timedelta(days=800)


async def lay(connection: Connection, world: World) -> int:
    """Lay a world, each payment with the applied notice that told of it and the event of that."""
    tenant_id = await lay_tenant(connection, f"t{next(_codes)}")
    await lay_sources(connection, tenant_id, world.sources)
    await lay_decisions(connection, tenant_id, world)
    await lay_payments(connection, tenant_id, world.payments)
    await lay_lines(connection, tenant_id, world.lines)
    await lay_records(connection, tenant_id, world.records)
    await connection.execute(
        "INSERT INTO notice (tenant_id, source_id, dedupe_key, body_hash, method, body, key_id, request_id,"
        " received_at, state, reference, transaction_id) SELECT tenant_id, source_id, sha256(int8send(payment_id)),"
        " sha256(int8send(payment_id)), 'POST', 'told', 0, 'r', $2, 'applied', reference, transaction_id"
        " FROM payment WHERE tenant_id = $1",
        tenant_id,
        CAME,
    )
    await connection.execute(
        "INSERT INTO payment_event (tenant_id, payment_id, notice_id, received_at, said_state, left_state, outcome,"
        " amount, currency, occurred_at) SELECT tenant_id, payment_id, n.notice_id, $2, p.state, p.state, p.outcome,"
        " p.amount, p.currency, p.occurred_at FROM payment AS p"
        " JOIN notice AS n USING (tenant_id, source_id, reference, transaction_id) WHERE tenant_id = $1",
        tenant_id,
        CAME,
    )
    return tenant_id


async def judge_all_again(database: Database, tenant_id: int, as_of: date) -> None:
    """Forget every match and every standing, and let the matcher look at what is left as if it came today."""
    async with database.transaction() as connection:
        for table in ("match", "loose_fact", "watch", "settlement_doubt", "money_back", "returned"):
            await connection.execute(f"DELETE FROM {table} WHERE tenant_id = $1", tenant_id)
        for kind, table in (("payment", "payment"), ("line", "statement_line")):
            rows = await connection.fetch(f"SELECT {kind}_id FROM {table} WHERE tenant_id = $1", tenant_id)
            await mark_dirty(connection, tenant_id, kind, [row[0] for row in rows])
    await turn(database, tenant_id, as_of, SHIPPED)


def named(world: World, judgement: Judgement) -> set[int]:
    """Say which payments what is live speaks of: itself, by its dossier, or by the line it is matched with."""
    subjects = {one.subject for one in judgement.discrepancies}
    lines = {int(subject[5:]) for subject in subjects if subject.startswith("line:")}
    matched = {number for one in judgement.matches if lines & set(one.line_ids) for number in one.payment_ids}
    return matched | {
        one.payment_id
        for one in world.payments
        if f"payment:{one.payment_id}" in subjects or f"dossier:{one.dossier_code}" in subjects
    }


@settings(EXAMPLES, max_examples=8 * WORLDS)
@given(world=worlds(), as_of=AS_OF, whose=st.sampled_from(("one", "all")))
async def test_what_is_live_and_all_it_names_outlives_any_trimming(
    database: Database, world: World, as_of: date, whose: str
) -> None:
    async with database.connection() as connection:
        tenant_id = await lay(connection, world)
    await make_months(database, CAME)
    await turn(database, tenant_id, as_of, SHIPPED)
    only = tenant_id if whose == "one" else None
    await Trimming(database, dict.fromkeys(Kept, 1), MUCH_LATER, append_audit=audit.append, actor="a", only=only).run()
    judgement = expected(world, as_of)
    async with database.connection() as connection:
        assert await stored(connection, tenant_id) == judgement
        whole = await connection.fetch(
            "SELECT payment_id FROM payment JOIN notice USING (tenant_id, source_id, reference, transaction_id)"
            " JOIN payment_event AS e USING (tenant_id, payment_id) WHERE tenant_id = $1 AND body IS NOT NULL",
            tenant_id,
        )
    assert named(world, judgement) <= {row["payment_id"] for row in whole}
    event("something was trimmed" if len(whole) < len(world.payments) else "nothing was trimmed")
    await judge_all_again(database, tenant_id, as_of)
    async with database.connection() as connection:
        again = await stored(connection, tenant_id)
    assert again == judgement
