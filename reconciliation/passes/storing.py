"""Stores what holds now, and retires what no longer does."""

from paygate.telemetry import RECONCILIATION_SECONDS
from reconciliation.turn import Turn


async def store_matches(turn: Turn) -> tuple[int, int]:
    """Store what is new, retire what no longer holds, and return how many rows each came to."""
    retired = 0
    with RECONCILIATION_SECONDS.labels("store").time():
        if turn.judged_before:
            await turn.do("find_matches_judged_again", turn.tenant_id)
            await turn.do("complete_groups_judged_again", turn.tenant_id)
            await turn.analyze("w_stale")
            await turn.do("mark_unchanged_pairs")
            await turn.do("mark_unchanged_groups")
            retired = await turn.do("retire_matches", turn.tenant_id)
        stored = await turn.do("store_pairs", turn.tenant_id, turn.rules.version)
        stored += await turn.do("store_matches", turn.tenant_id, turn.rules.version)
        stored += await turn.do("store_payouts", turn.tenant_id, turn.rules.version)
    return stored, retired
