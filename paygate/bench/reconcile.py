"""How much dearer the matcher is than one statement written by hand, and whether its cost follows what is new.

`limit` is one hand-written statement that joins the three legs (payment, bank line, procedure record) on the very
tables the matcher reads and inserts every pair into a table like the matcher's, all constraints on. `peer` does less:
it joins two legs and inserts into a table without any constraint. The matcher adds narratives, ambiguity, reasons and
the discrepancies with their events. `six_legs` says the same of the million that gateways settle besides.
"""

import itertools
import platform
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any, Final

import psutil

from paygate.bench.matcher_ground import LAY_PARTIES, ROUNDS, Ground
from paygate.bench.six_legs import BATCH_LINES, bench_batch, bench_six_legs, lay_six_legs
from paygate.database import connect
from reconciliation.combination import combine
from reconciliation.policy import Policy
from reconciliation.rules.model import SumReference

PAYMENTS: Final = 1_000_000
STORED: Final = (1_000_000, 10_000_000)
NEW_LINES: Final = 10_000
MOST_RATIO: Final = 4.0
MOST_GROWTH: Final = 1.5
MOST_MEMORY_MIB: Final = 200
MOST_SEARCH_SECONDS: Final = 2.0

_TWO_LEGS: Final = """
SELECT coalesce(p.tenant_id, l.tenant_id) AS tenant_id, p.payment_id, l.line_id, p.amount
FROM payment AS p
FULL JOIN statement_line AS l ON p.tenant_id = l.tenant_id AND p.account_id = l.account_id
    AND p.reference_key = l.reference_key AND p.amount = l.amount
"""
_THREE_LEGS: Final = """
SELECT coalesce(p.tenant_id, l.tenant_id) AS tenant_id, p.payment_id, l.line_id, p.amount, r.due,
       p.amount - r.due AS over
FROM payment AS p
FULL JOIN statement_line AS l ON p.tenant_id = l.tenant_id AND p.account_id = l.account_id
    AND p.reference_key = l.reference_key AND p.amount = l.amount
LEFT JOIN procedure_record AS r ON r.tenant_id = p.tenant_id AND r.dossier_code = p.dossier_code
"""


_CONSTRAINTS: Final = """
ALTER TABLE by_hand ADD UNIQUE (tenant_id, payment_id), ADD UNIQUE (tenant_id, line_id),
    ADD CHECK (payment_id IS NOT NULL OR line_id IS NOT NULL)
"""


async def bench_reconcile(url: str, scale: float = 1.0, say: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Measure the matcher in the empty database at `url`, at a fraction of the full size.

    Returns the figures of `paygate bench --json`: rates in facts a second, of payments and bank lines, and under
    `six_…` of payments, bank lines and settlement lines. What is new comes on a store of all three.
    """
    count = int(PAYMENTS * scale)
    async with connect(url) as connection:
        ground = Ground(url, connection)
        await connection.execute(LAY_PARTIES)
        await ground.lay(1, count)
        await ground.settle()
        two, three = await ground.by_hand(_TWO_LEGS), await ground.by_hand(_THREE_LEGS, _CONSTRAINTS)
        say(f"by hand: two legs {two:.2f} s; three legs, all constraints on {three:.2f} s")
        ours, counts = await ground.match()
        say(f"the matcher: {ours:.2f} s; {counts}")
        six_ours, six_limit = await bench_six_legs(ground, count, say)
        small, large = await _increments(ground, count, scale, say)
        batch = await bench_batch(ground, max(2, int(BATCH_LINES * scale)), say)
    return {
        "name": "reconcile",
        "ours": round(2 * count / ours),
        "limit": round(2 * count / three),
        "ratio": round(ours / three, 2),
        "peer": round(2 * count / two),
        "peer_ratio": round(ours / two, 2),
        "p99_ours_ms": None,
        "p99_limit_ms": None,
        "six_ours": round(3 * count / six_ours),
        "six_limit": round(3 * count / six_limit),
        "six_ratio": round(six_ours / six_limit, 2),
        "new_on_small_s": round(small, 3),
        "new_on_large_s": round(large, 3),
        "growth": round(large / small, 2),
        "batch_s": round(batch, 3),
        "search_s": round(seconds_of_search(), 3),
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "machine": f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total >> 30} GiB,"
        f" Python {platform.python_version()}",
    }


async def _increments(ground: Ground, stored: int, scale: float, say: Callable[[str], None]) -> tuple[float, float]:
    """Return the seconds new facts take on the smaller store and on the larger, each the median of several rounds."""
    taken = []
    for size in STORED:
        wanted = int(size * scale)
        while stored < wanted:
            step = min(wanted, stored + int(PAYMENTS * scale))
            await lay_six_legs(ground, stored + 1, step)
            stored = step
            await ground.match()
            say(f"{stored:,} payments, as many bank lines and settlement lines are stored and matched")
        await ground.settle()
        rounds = []
        for _ in range(ROUNDS):
            new = max(1, int(NEW_LINES * scale))
            await lay_six_legs(ground, stored + 1, stored + new)
            stored += new
            rounds.append((await ground.match())[0])
        taken.append(statistics.median(rounds))
        say(f"{NEW_LINES * scale:,.0f} new of each on {size * scale:,.0f}: {taken[-1]:.2f} s")
    return taken[0], taken[1]


def seconds_of_search() -> float:
    """Return the seconds the longest search for sums takes that the shipped rules allow.

    Every fact of one amount makes the most sums that balance; amounts of which each is the double of another, the most
    different ones; amounts that follow each other lie between. Which facts hold together is asked too.
    """
    rule = Policy().rules.find(SumReference)
    half = rule.most_facts // 2 if rule else 0
    taken = []
    for amounts in (
        [50_000] * half,
        [1_000 << place for place in range(half)],
        [50_000 + 1_000 * place for place in range(half)],
    ):
        side = dict(enumerate(amounts))
        begun = time.perf_counter()
        combine(side, side, set(itertools.product(side, side)))
        taken.append(time.perf_counter() - begun)
    return max(taken)
