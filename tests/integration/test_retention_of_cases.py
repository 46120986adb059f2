"""What people have attached and joined stays with its case, and sealed runs verify, whatever else is trimmed."""

from datetime import UTC, datetime

from paygate import audit
from paygate.database import connect, open_database
from paygate.domain.retention import Kept
from paygate.retention import Trimming
from reconciliation.policy import Policy
from reconciliation.verification import verify_run

LONG_AFTER = datetime(2040, 1, 1, tzinfo=UTC)
LAY = (
    """INSERT INTO attachment (tenant_id, discrepancy_id, name, media_type, sha256, body, added_by)
       SELECT 1, discrepancy_id, 'a.pdf', 'application/pdf', sha256('x'), 'x', 'anh' FROM discrepancy""",
    "INSERT INTO joined (tenant_id, leg, fact_id, joining_id) VALUES (1, 'payment', 10 ^ 9, 1), (1, 'bank', 10 ^ 9, 1)",
)
STAYS = """SELECT (SELECT count(*) FROM attachment WHERE body IS NOT NULL), (SELECT count(*) FROM joined),
                  (SELECT count(*) FROM discrepancy WHERE reason = 'late'), (SELECT count(*) FROM discrepancy),
                  (SELECT count(*) FROM run_case)"""


async def test_evidence_hand_joins_and_lateness_stay_and_sealed_runs_agree(province_url: str) -> None:
    async with connect(province_url) as connection:
        last = await connection.fetchval("SELECT max(run_id) FROM run")
    async with open_database(province_url) as database:
        assert (await verify_run(database, last, Policy())).difference is None
        async with connect(province_url) as connection:
            for statement in LAY:
                await connection.execute(statement)
            stored = tuple(await connection.fetchrow(STAYS) or ())
        gone = await Trimming(database, dict.fromkeys(Kept, 1), LONG_AFTER, append_audit=audit.append).run()
        assert sum(tally.gone for tally in gone.values()) > 0
        async with connect(province_url) as connection:
            assert tuple(await connection.fetchrow(STAYS) or ()) == stored
        assert min(stored[:2]) > 0
        assert (await verify_run(database, last, Policy())).difference is None
