"""Worlds of facts for the matcher: drawn by hypothesis, and laid into a database as intake and imports would."""

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from hypothesis import strategies as st

from paygate.database import Connection, Database
from paygate.domain.text import reference_key
from reconciliation.oracle.facts import LineFact, PaymentFact, RecordFact, SourceFact, World
from tests.decided_cases import decided, lay_decisions
from tests.laid_statements import lay_statements
from tests.parted_pairs import parted_pairs
from tests.returned_money import refunds, reversals
from tests.settlement_worlds import partings, payouts, settlement_lines, settling_sources
from tests.summed_money import sums

WORLDS: Final = int(os.environ.get("PAYGATE_TEST_WORLDS", "1"))
"""How many times as many worlds a property is tried on as it takes to end in minutes."""

DAY: Final = date(2024, 5, 8)
DOSSIERS: Final = (
    "000.00.12.H23-240508-0001",
    "000.00.12.H23-240508-0002",
    "H23.12-240508-0001",
    "H23.12-240508-00012",
)
REFERENCES: Final = (
    "dvc0000012H232405080001",
    "dvc0000012H232405080002",
    "dvc0000012H23240508000240508",
    "REF-7",
    "",
    "dvc00000",
    "HD2405080000017",
    "HD2405080000018",
)
AMOUNTS: Final = (50_000, 100_000, 150_000)
NARRATIVES: Final = (
    "",
    "Nộp phí",
    "NOP LE PHI HO SO {dossier}",
    "CK {reference} GD",
    "CK {reference} HS {other}",
    "ThanhToan{squeezed}NGAY",
    "HS {cut} va {reference}",
    "{cut}",
    "HS {dossier}/{other}",
    "08052024{squeezed}",
    "{dossier} 12",
    "{cut}\n0001 {other}",
    "MBVCB.240508.{dossier}",
    "ck {cut}",
)

SOURCES: Final = (1, 2)
"""Each is paid out to the account of its number."""
TREASURY: Final = 21
RECEIPTS: Final = 22
"""The accounts on which lines of those legs stand."""

days = st.integers(-3, 4).map(lambda days: DAY + timedelta(days=days))


STATES: Final = ("paid",) * 12 + ("refund_pending", "partly_refunded", "refunded", "reversed")
"""Of money that came."""

GivenUp = Mapping[tuple[int, str], date]
"""By source and reference, the day on which it was asked for the last time in vain."""


@st.composite
def payment_facts(draw: st.DrawFn, number: int, given_up: GivenUp) -> PaymentFact:
    account, reference = draw(st.sampled_from((1, 1, 2))), draw(st.sampled_from(REFERENCES))
    came = draw(st.sampled_from((True,) * 7 + (False,) * 3))
    return PaymentFact(
        payment_id=number,
        reference=reference,
        dossier_code=draw(st.sampled_from((*DOSSIERS, None))),
        amount=draw(st.sampled_from(AMOUNTS)),
        currency=draw(st.sampled_from(("VND",) * 9 + ("USD",))),
        business_date=draw(days),
        account_id=account,
        bank_days=1,
        came=came,
        conflicting=draw(st.sampled_from((False,) * 9 + (True,))),
        source_id=account,
        hangs=not came and draw(st.sampled_from((True, True, False))),
        given_up_on=given_up.get((account, reference)),
        state=draw(st.sampled_from(STATES)),
        transaction_id=f"T{number}",
    )


ECHOES: Final = (
    "{reference}|",
    "{reference}|{narrative}",
    "|CK {reference} GD",
    "|{narrative}",
    "|NOP {cut}",
    "{cut}|",
)
"""How a bank line may speak of a payment: its reference column, a bar, its narrative."""


@st.composite
def echoes(draw: st.DrawFn, number: int, payment: PaymentFact) -> LineFact:
    """A line that has something to do with a payment, now and then with a twist."""
    key = reference_key(payment.dossier_code or payment.reference)
    narrative = draw(st.sampled_from(NARRATIVES)).format(
        dossier=payment.dossier_code,
        reference=payment.reference,
        squeezed=key,
        cut=key[:14],
        other=draw(st.sampled_from(DOSSIERS)),
    )
    spoken = draw(st.sampled_from(ECHOES)).format(reference=payment.reference, narrative=narrative, cut=key[:13])
    reference, _, text = spoken.partition("|")
    return LineFact(
        line_id=number,
        account_id=draw(st.sampled_from((payment.account_id or 1,) * 5 + (1, 2))),
        amount=draw(st.sampled_from((payment.amount,) * 5 + (payment.amount - 5, *AMOUNTS))),
        currency=payment.currency,
        booked_on=payment.business_date + timedelta(days=draw(st.sampled_from((0, 1, 1, 10, 11, -1, -2)))),
        reference=reference,
        narrative=text,
    )


@st.composite
def line_facts(draw: st.DrawFn, number: int) -> LineFact:
    dossier, reference = draw(st.sampled_from(DOSSIERS)), draw(st.sampled_from(REFERENCES))
    cut = reference_key(dossier)[: draw(st.integers(10, 20))]
    narrative = draw(st.sampled_from(NARRATIVES)).format(
        dossier=dossier,
        reference=reference,
        squeezed=reference_key(dossier),
        cut=cut,
        other=draw(st.sampled_from(DOSSIERS)),
    )
    return LineFact(
        line_id=number,
        account_id=draw(st.sampled_from((1, 1, 2))),
        amount=draw(st.sampled_from((*AMOUNTS, *AMOUNTS, -50_000))),
        currency=draw(st.sampled_from(("VND",) * 9 + ("USD",))),
        booked_on=draw(days),
        reference=draw(st.sampled_from((*REFERENCES, "", "", "", cut))),
        narrative=narrative,
    )


@st.composite
def handovers(draw: st.DrawFn, number: int, payments: Sequence[PaymentFact]) -> LineFact:
    """A line of the treasury, or a receipt: of a payment's reference, of a dossier, of both, or of nothing."""
    payment = draw(st.sampled_from(payments)) if payments else None
    leg = draw(st.sampled_from(("treasury", "receipt")))
    named, told = draw(st.sampled_from(((True, False), (False, True), (True, True), (False, False))))
    codes = [payment.dossier_code if payment else None] * 3 + [draw(st.sampled_from(DOSSIERS))]
    references = [payment.reference if payment else ""] * 4 + [draw(st.sampled_from(REFERENCES))]
    amounts = [payment.amount if payment else 0] * 4 + [draw(st.sampled_from((*AMOUNTS, 200_000, -50_000)))]
    return LineFact(
        line_id=number,
        account_id=TREASURY if leg == "treasury" else RECEIPTS,
        amount=draw(st.sampled_from(amounts)),
        currency=draw(st.sampled_from(("VND",) * 9 + ("USD",))),
        booked_on=draw(days),
        reference=draw(st.sampled_from(references)) if named else "",
        narrative="",
        leg=leg,
        dossier_code=draw(st.sampled_from(codes)) if told else None,
        evidence=draw(st.sampled_from((True,) * 5 + (False,))),
    )


@st.composite
def record_facts(draw: st.DrawFn, dossier: str) -> RecordFact:
    return RecordFact(
        flag=draw(st.sampled_from((0, 1, 2))),
        dossier_code=dossier,
        due=draw(st.sampled_from((0, *AMOUNTS))),
        status=draw(st.sampled_from(("processing", "processing", "payment_requested", "withdrawn", "done"))),
        expires_on=draw(st.sampled_from((None, None, DAY))),
    )


@st.composite
def worlds(draw: st.DrawFn, most: int = 8) -> World:
    keys = st.tuples(st.sampled_from((1, 2)), st.sampled_from(REFERENCES))
    given_up = draw(st.dictionaries(keys, days, max_size=8))
    payments = [draw(payment_facts(number, given_up)) for number in range(1, draw(st.integers(0, most)) + 1)]
    lines = []
    for number in range(1, draw(st.integers(0, most)) + 1):
        if payments and draw(st.sampled_from((True, True, True, False))):
            lines.append(draw(echoes(number, draw(st.sampled_from(payments)))))
        else:
            lines.append(draw(line_facts(number)))
    for _ in range(draw(st.sampled_from((0, 0, 1, 2)))):
        one = draw(payment_facts(len(payments) + 1, {}))
        more_payments, more_lines = draw(sums(one, len(lines) + 1, REFERENCES, DOSSIERS))
        payments, lines = payments + more_payments, lines + more_lines
    credits_ = [line for line in lines if line.amount > 0]
    for number in range(len(lines) + 1, len(lines) + draw(st.sampled_from((0, 1, 2, most // 2))) + 1):
        if credits_ and draw(st.booleans()):
            lines.append(draw(reversals(number, draw(st.sampled_from(credits_)))))
        else:
            lines.append(draw(refunds(number, payments, draw(days))))
    handed_over = draw(st.integers(0, most // 2))
    lines += [draw(handovers(number, payments)) for number in range(len(lines) + 1, len(lines) + handed_over + 1)]
    sources = {number: draw(settling_sources(number)) for number in (1, 2)}
    lines += draw(settlements(len(lines) + 1, most // 2, payments, sources))
    records = [draw(record_facts(code)) for code in DOSSIERS if draw(st.booleans())]
    return draw(decided(World(payments, lines, records, sources, draw(parted_pairs(payments, lines)))))


@st.composite
def settlements(
    draw: st.DrawFn, first: int, most: int, payments: Sequence[PaymentFact], sources: Mapping[int, SourceFact]
) -> list[LineFact]:
    """What gateways settle, and what they pay out for it, numbered from `first`."""
    last = first + draw(st.integers(0, most))
    settled = [draw(settlement_lines(number, payments, sources)) for number in range(first, last)]
    return settled + [draw(payouts(number, settled)) for number in range(last, last + draw(st.integers(0, most // 2)))]


@st.composite
def settled_worlds(draw: st.DrawFn, most: int = 8) -> World:
    """Worlds of gateways: most money comes by their settlements and is paid out in batches."""
    payments = [draw(payment_facts(number, {})) for number in range(1, draw(st.integers(1, most)) + 1)]
    lines = [draw(echoes(number, draw(st.sampled_from(payments)))) for number in range(1, draw(st.integers(1, 3)))]
    sources = {number: draw(settling_sources(number)) for number in (1, 2)}
    lines += draw(settlements(len(lines) + 1, most * 3 // 2, payments, sources))
    records = [draw(record_facts(code)) for code in DOSSIERS if draw(st.booleans())]
    return draw(decided(World(payments, lines, records, sources, draw(partings(payments, lines)))))


async def lay_world(database: Database, code: str, world: World) -> int:
    """Make a tenant of a code and lay everything at once."""
    async with database.connection() as connection:
        tenant_id = await lay_tenant(connection, code)
        await lay_sources(connection, tenant_id, world.sources)
        await lay_decisions(connection, tenant_id, world)
        await lay_payments(connection, tenant_id, world.payments)
        await lay_lines(connection, tenant_id, world.lines)
        await lay_records(connection, tenant_id, world.records)
    return tenant_id


async def lay_tenant(connection: Connection, code: str) -> int:
    """Make a tenant with accounts and a source of each; account and source are 1 and 2 within it.

    The clearing account of source n is 10 + n; the treasury's lines and the receipts stand on accounts of their own.
    """
    tenant_id: int = await connection.fetchval(
        "INSERT INTO tenant (code, name, agency_code, timezone) VALUES ($1, $1, 'H23', 'Asia/Ho_Chi_Minh')"
        " RETURNING tenant_id",
        code,
    )
    accounts = [(1, "1", "bank"), (2, "2", "bank"), (11, f"{code}-1", "gateway"), (12, f"{code}-2", "gateway")]
    accounts += [(TREASURY, "treasury", "treasury"), (RECEIPTS, "receipt", "receipt")]
    await connection.executemany(
        "INSERT INTO account (tenant_id, account_id, number, bank, kind) OVERRIDING SYSTEM VALUE"
        " VALUES ($1, $2, $3, '970436', $4)",
        [(tenant_id, *one) for one in accounts],
    )
    for number in SOURCES:
        await connection.execute(
            "INSERT INTO source (tenant_id, source_id, code, adapter, account_id, bank_days) OVERRIDING SYSTEM VALUE"
            " VALUES ($1, $2, $3, 'dvcqg', $2, 1)",
            tenant_id,
            number,
            f"{code}-{number}",
        )
    return tenant_id


async def lay_sources(connection: Connection, tenant_id: int, sources: Mapping[int, SourceFact]) -> None:
    """Let the tenant's sources expect what a world's say."""
    for number, one in sources.items():
        scheduled = one.fee_percent is not None
        await connection.execute(
            "UPDATE source SET settlement_days = $3, treasury_days = $4, receipt_days = $5, report_days = $6,"
            " fee_percent = $7, fee_fixed = $8, fee_borne_by = $9, promotions = $10"
            " WHERE tenant_id = $1 AND source_id = $2",
            tenant_id,
            number,
            one.settlement_days,
            one.treasury_days,
            one.receipt_days,
            one.report_days,
            one.fee_percent,
            one.fee_fixed if scheduled else None,
            one.fee_borne_by if scheduled else None,
            one.promotions,
        )


async def lay_payments(connection: Connection, tenant_id: int, payments: Sequence[PaymentFact]) -> None:
    await connection.executemany(
        "INSERT INTO payment (tenant_id, payment_id, source_id, reference, transaction_id, reference_key, dossier_code,"
        " state, outcome, amount, currency, occurred_at, business_date, contradicted, account_id)"
        " OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::date + time '05:00', $12,"
        " $13, $3)",
        [
            (
                tenant_id,
                one.payment_id,
                one.account_id,
                one.reference,
                f"T{one.payment_id}",
                reference_key(one.reference),
                one.dossier_code,
                one.state if one.came else "pending" if one.hangs else "failed",
                "paid" if one.came else "pending" if one.hangs else "declined",
                one.amount,
                one.currency,
                one.business_date,
                one.conflicting,
            )
            for one in payments
        ],
    )
    await connection.executemany(
        "INSERT INTO inquiry (tenant_id, source_id, reference, state, begun_at, expires_at, expired_on)"
        " VALUES ($1, $2, $3, 'expired', now(), now(), $4) ON CONFLICT DO NOTHING",
        [(tenant_id, one.source_id, one.reference, one.given_up_on) for one in payments if one.given_up_on],
    )
    await mark_dirty(connection, tenant_id, "payment", [one.payment_id for one in payments])


async def lay_lines(connection: Connection, tenant_id: int, lines: Sequence[LineFact]) -> None:
    await connection.executemany(
        "INSERT INTO statement_line (tenant_id, line_id, account_id, statement_id, row_number, identity, occurrence,"
        " booked_on, amount, currency, bank_reference, reference, reference_key, narrative, counterparty, leg,"
        " reversal, source_id, fee, net, batch, dossier_code, evidence)"
        " OVERRIDING SYSTEM VALUE"
        " VALUES ($1, $2::bigint, $3, 1, $2::bigint, int8send($2::bigint), 1, $4, $5, $6, '', $7, $8, $9, '', $10, $11,"
        " $12, $13, $14, $15, $16, $17)",
        [
            (
                tenant_id,
                one.line_id,
                one.account_id,
                one.booked_on,
                one.amount,
                one.currency,
                one.reference,
                reference_key(one.reference),
                one.narrative,
                one.leg,
                one.reversal,
                one.source_id,
                one.fee,
                one.net,
                one.batch,
                one.dossier_code,
                one.evidence,
            )
            for one in lines
        ],
    )
    await lay_statements(connection, tenant_id, lines)
    await mark_dirty(connection, tenant_id, "line", [one.line_id for one in lines])


async def lay_records(connection: Connection, tenant_id: int, records: Sequence[RecordFact]) -> None:
    await connection.executemany(
        "INSERT INTO procedure_record (tenant_id, dossier_code, dossier_key, version, procedure_code, procedure_name,"
        " agency_code, agency_name, status, expires_on, exempt, online_payment_flag, due, content_hash)"
        " VALUES ($1, $2, $3, 1, '1.005129', 'x', '000.00.12.H23', 'y', $4, $5, false, $7, $6, '')",
        [
            (
                tenant_id,
                one.dossier_code,
                reference_key(one.dossier_code),
                one.status,
                one.expires_on,
                one.due,
                one.flag,
            )
            for one in records
        ],
    )
    await mark_dossiers_dirty(connection, tenant_id, [one.dossier_code for one in records])


async def mark_dirty(connection: Connection, tenant_id: int, kind: str, ids: Iterable[int]) -> None:
    await connection.execute(
        "INSERT INTO dirty (tenant_id, kind, fact_ids) VALUES ($1, $2, $3)", tenant_id, kind, list(ids)
    )


async def mark_dossiers_dirty(connection: Connection, tenant_id: int, codes: Iterable[str]) -> None:
    await connection.execute(
        "INSERT INTO dirty (tenant_id, kind, codes) VALUES ($1, 'dossier', $2)", tenant_id, list(codes)
    )
