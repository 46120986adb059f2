"""What a person has joined: gathered whole, and matched before any rule looks at it."""

from paygate.telemetry import RECONCILIATION_SECONDS
from reconciliation.turn import Turn


async def gather_joined(turn: Turn) -> int:
    """Take what is joined with facts in hand, and return how many facts that is."""
    return await turn.do("gather_payments_joined", turn.tenant_id) + await turn.do(
        "gather_lines_joined", turn.tenant_id
    )


async def match_by_hand(turn: Turn) -> None:
    with RECONCILIATION_SECONDS.labels("by_hand").time():
        if await turn.ask("is_anything_joined", turn.tenant_id):
            await turn.do("match_by_hand", turn.tenant_id)
            await turn.do("use_up_what_is_joined")
