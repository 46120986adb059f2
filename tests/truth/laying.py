"""Lays a world into a database as it would have come: parties at once, facts day by day, by COPY."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, Final

from paygate.database import Connection
from paygate.domain.text import reference_key
from tests.truth.days import FIRST
from tests.truth.facts import DONG, Account, Line, Payment, Record, World

_BATCH: Final = 20_000
"""Facts of one dirty mark."""
_OUTCOMES: Final = {
    "initiated": "pending",
    "pending": "pending",
    "abandoned": "payer_left",
    "expired": "payer_left",
    "failed": "declined",
}
Rows = Iterable[Sequence[object]]


class Ground:
    """A tenant in a database, and what of its world is laid there already."""

    def __init__(self, tenant_id: int, world: World) -> None:
        self.tenant_id = tenant_id
        self.world = world
        self._balances: dict[Account, int] = defaultdict(int)
        self._statements = 0
        self._payments = _by_day(world.payments, lambda one: one.day)
        self._lines = _by_day(world.lines, lambda one: one.booked_on)
        self._records = _by_day(world.records, _arrivals(world))

    async def lay_parties(self, connection: Connection) -> None:
        """Lay accounts and sources, and the pairs a person has parted."""
        accounts = ((one.account_id, one.number, "970436", one.kind) for one in self.world.accounts)
        await self._copy(connection, "account", "account_id number bank kind", accounts)
        await self._copy(
            connection,
            "source",
            "source_id code adapter account_id bank_days settlement_days treasury_days receipt_days report_days"
            " fee_percent fee_fixed fee_borne_by promotions",
            (
                (
                    *(one.source_id, one.code, one.adapter, one.account and one.account.account_id, one.bank),
                    *(one.settlement, one.treasury, one.receipt, one.report),
                    *(one.percent, one.fixed, one.borne_by, one.promotions),
                )
                for one in self.world.sources
            ),
        )
        parted = (("bank", one.number, line.number, "an officer", "not his") for one, line in self.world.parted)
        await self._copy(connection, "parted", "leg payment_id fact_id parted_by reason", parted)

    async def lay_day(self, connection: Connection, day: date) -> None:
        """Lay what comes in the course of a day."""
        await self._lay_records(connection, self._records.get(day, []))
        await self._lay_payments(connection, self._payments.get(day, []))
        await self._lay_lines(connection, day, self._lines.get(day, []))

    async def _copy(self, connection: Connection, table: str, columns: str, rows: Rows) -> None:
        names = ["tenant_id", *columns.split()]
        records = [(self.tenant_id, *row) for row in rows]
        await connection.copy_records_to_table(table, records=records, columns=names)

    async def _mark(self, connection: Connection, kind: str, column: str, facts: Sequence[object]) -> None:
        batches = [(kind, facts[place : place + _BATCH]) for place in range(0, len(facts), _BATCH)]
        await self._copy(connection, "dirty", f"kind {column}", batches)

    async def _lay_records(self, connection: Connection, records: Sequence[Record]) -> None:
        await self._copy(
            connection,
            "procedure_record",
            "dossier_code dossier_key version procedure_code procedure_name agency_code agency_name status expires_on"
            " exempt online_payment_flag due content_hash",
            (
                (
                    *(one.code, reference_key(one.code), 1, "1.005129", "Cấp phép", one.agency, one.agency),
                    *(one.status, one.expires_on, one.due == 0, one.flag, one.due, b""),
                )
                for one in records
            ),
        )
        await self._mark(connection, "dossier", "codes", [one.code for one in records])

    async def _lay_payments(self, connection: Connection, payments: Sequence[Payment]) -> None:
        await self._copy(
            connection,
            "payment",
            "payment_id source_id reference transaction_id reference_key dossier_code state outcome amount currency"
            " occurred_at business_date contradicted account_id",
            (
                (
                    *(one.number, one.source.source_id, one.reference, one.transaction, reference_key(one.reference)),
                    *(one.dossier, one.state, _OUTCOMES.get(one.state, "paid"), one.amount, one.currency, one.at),
                    *(one.day, one.contradicted, one.source.account and one.source.account.account_id),
                )
                for one in payments
            ),
        )
        await self._copy(
            connection,
            "inquiry",
            "source_id reference state begun_at expires_at expired_on",
            (
                (one.source.source_id, one.reference, "expired", one.at, one.at, one.given_up_on)
                for one in payments
                if one.given_up_on
            ),
        )
        await self._mark(connection, "payment", "fact_ids", [one.number for one in payments])

    async def _lay_lines(self, connection: Connection, day: date, lines: Sequence[Line]) -> None:
        statements = await self._lay_statements(connection, day, lines)
        await self._copy(
            connection,
            "statement_line",
            "line_id account_id statement_id row_number identity occurrence booked_on amount currency bank_reference"
            " reference reference_key narrative counterparty reversal leg source_id fee net batch dossier_code"
            " document evidence",
            (
                (
                    *(one.number, one.account.account_id, statements[one.account], row, one.number.to_bytes(8), 1),
                    *(one.booked_on, one.amount, one.currency, f"FT{one.number}", one.reference.strip()),
                    *(reference_key(one.reference), one.narrative, "", one.reversal, one.leg),
                    *(one.source and one.source.source_id, one.fee, one.net, one.batch, one.dossier, one.document),
                    one.evidence,
                )
                for row, one in enumerate(lines, 1)
            ),
        )
        await self._mark(connection, "line", "fact_ids", [one.number for one in lines])

    async def _lay_statements(self, connection: Connection, day: date, lines: Sequence[Line]) -> dict[Account, int]:
        """Lay a statement of each account's day, in balance; banks send one of every day."""
        moved: dict[Account, list[int]] = defaultdict(list)
        for one in lines:
            moved[one.account].append(one.amount if one.currency == DONG else 0)
        told = [one for one in self.world.accounts if one in moved or one.kind == "bank"]
        numbers = {account: self._statements + place for place, account in enumerate(told, 1)}
        self._statements += len(told)
        await self._copy(
            connection,
            "statement",
            "statement_id account_id file_hash ordinal format identification currency period_from period_to opening"
            " closing total balanced lines leg",
            ((*row,) for row in self._statement_rows(day, numbers, moved)),
        )
        days = ((numbers[account], day, len(moved[account]), sum(moved[account])) for account in moved)
        await self._copy(connection, "statement_day", "statement_id booked_on lines total", days)
        return numbers

    def _statement_rows(
        self, day: date, numbers: dict[Account, int], moved: dict[Account, list[int]]
    ) -> Iterator[tuple[object, ...]]:
        legs = {"gateway": "settlement"}
        for account, number in numbers.items():
            opening, total = self._balances[account], sum(moved.get(account, ()))
            self._balances[account] += total
            yield (
                *(number, account.account_id, number.to_bytes(32), 0, "camt", f"{account.number} {day}", DONG),
                *(day, day, opening, opening + total, total, True, len(moved.get(account, ()))),
                legs.get(account.kind, account.kind),
            )


def _by_day(facts: Iterable[Any], day_of: Any) -> dict[date, list[Any]]:
    days: dict[date, list[Any]] = defaultdict(list)
    for one in facts:
        days[day_of(one)].append(one)
    return days


def _arrivals(world: World) -> Any:
    """Records come on the day of their first payment; those without one on the first day."""
    first: dict[str, date] = {}
    for one in world.payments:
        if one.dossier is not None:
            first[one.dossier] = min(first.get(one.dossier, one.day), one.day)
    return lambda record: first.get(record.code, FIRST)


async def break_ground(connection: Connection, world: World) -> Ground:
    """Make the tenant with its accounts and sources."""
    tenant_id: int = await connection.fetchval(
        "INSERT INTO tenant (code, name, agency_code, timezone) VALUES ($1, $1, 'H23', 'Asia/Ho_Chi_Minh')"
        " RETURNING tenant_id",
        world.tenant,
    )
    ground = Ground(tenant_id, world)
    await ground.lay_parties(connection)
    return ground
