"""What a business day comes to, from what is stored now: its cases, classed as of its closing, sums and seal."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

import asyncpg

from paygate.database import Connection, load_queries
from paygate.domain.legs import Leg
from paygate.domain.lifecycle import Outcome
from reconciliation.model import COUNTED, HANGING, REASONS, WAITING, Reason
from reconciliation.turn import PASS_SECONDS

QUERIES: Final = {
    **load_queries("reconciliation.sql", "closing.sql"),
    **load_queries("reconciliation.sql", "sealing.sql"),
}

Json = dict[str, Any]
Sums = dict[str, dict[str, int]]

_NAMES: Final = {"agency": "agency_names", "procedure": "procedure_names"}
_SEALING: Final = ("lay_out_payments_to_seal", "lay_out_seats_to_seal", "seal_matches", "lay_out_cases_to_seal")


class Tally:
    """One day, and the connection inside its transaction."""

    def __init__(self, connection: Connection, tenant_id: int, day: date) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.day = day
        self._laid_out = False

    async def count(self) -> Json:
        """Return what the report says of the day itself, with `items`, what explains its difference, and `facts`.

        The working tables stay until `drop_cases`, or until the transaction ends.
        """
        if not self._laid_out:
            await self.lay_out_cases()
        classes, reasons = await self._aggregate("sum_classes"), await self._aggregate("sum_reasons")
        return {
            "totals": await self._totals(),
            "classes": _fill(_over_all(_of(classes, "agency")), COUNTED),
            "reasons": _over_all(_of(reasons, "agency")),
            "by_agency": await self._by("agency", classes, reasons),
            "by_source": [{"source": code, **one} for code, one in _parted(classes, reasons, "source")],
            "by_procedure": await self._by("procedure", classes, reasons),
            "other_currencies": _by_currency(await self._rows("sum_other_currencies", self.day)),
            "success": _success({row["outcome"]: row["count"] for row in await self._rows("count_outcomes", self.day)}),
            "items": await self._explain(),
            "facts": await self._seal(),
        }

    async def _rows(self, name: str, *arguments: object) -> list[asyncpg.Record]:
        return await self.connection.fetch(QUERIES[name], self.tenant_id, *arguments, timeout=PASS_SECONDS)

    async def _aggregate(self, name: str) -> list[asyncpg.Record]:
        return await self.connection.fetch(QUERIES[name], timeout=PASS_SECONDS)

    async def keep_cases(self, run_id: int) -> None:
        """Store the cases that do not agree, as those of a run."""
        await self._rows("store_cases", run_id)

    async def drop_cases(self) -> None:
        """Make room for those of another day."""
        await self.connection.execute(QUERIES["drop_closing_tables"])
        self._laid_out = False

    async def lay_out_cases(self) -> None:
        """Lay the day's cases out in working tables, which `drop_cases` drops."""
        self._laid_out = True
        await self.connection.execute(QUERIES["create_closing_tables"])
        await self._rows("gather_given_up")
        for name in ("gather_dossier_cases", "gather_lone_payment_cases", "gather_line_cases"):
            await self._rows(name, self.day)
        await self.connection.execute("ANALYZE w_case")
        ranks = [(reason, rank, REASONS[reason].verdict) for rank, reason in enumerate(Reason)]
        await self._rows(
            "gather_reasons",
            self.day,
            *(list(column) for column in zip(*ranks, strict=True)),
            [reason in WAITING for reason in Reason],
            [reason in HANGING for reason in Reason],
        )
        rank = list(Reason).index(Reason.NET_DIFFERS)
        await self._rows("gather_batch_reasons", rank, REASONS[Reason.NET_DIFFERS].verdict)
        await self._rows("class_the_cases")

    async def _explain(self) -> Counter[str]:
        """Name what the day's two sides differ by."""
        await self._rows("gather_what_was_paid_out", self.day)
        await self.connection.execute("ANALYZE w_paid_out_on")
        items: Counter[str] = Counter()
        for name in ("explain_difference", "explain_payouts"):
            items.update({row["name"]: row["amount"] for row in await self._rows(name, self.day)})
        return items

    async def _seal(self) -> Json:
        """Return how many cases the day has, and the digest over the facts of each."""
        await self.connection.execute(QUERIES["create_sealing_tables"])
        for name in _SEALING:
            await self._rows(name)
            await self.connection.execute("ANALYZE w_sealed_payment, w_sealed_seat, w_sealed_match")
        (sealed,) = await self._aggregate("seal_cases")
        await self.connection.execute(QUERIES["drop_sealing_tables"])
        return dict(sealed)

    async def _totals(self) -> Sums:
        """Sum each leg of the day: what its lines say, and of the report what its flags cover."""
        (payments,) = await self._rows("total_payments", self.day)
        (owed,), (flagged,) = await self._aggregate("total_obligations"), await self._aggregate("total_flagged")
        told = {row["leg"]: row for row in await self._rows("total_lines", self.day)}
        of_legs = {
            str(leg): _total(leg, told.get(leg)) for leg in (Leg.SETTLEMENT, Leg.BANK, Leg.TREASURY, Leg.RECEIPT)
        }
        return {"obligation": dict(owed), "payments": dict(payments), **of_legs, "report": dict(flagged)}

    async def _by(
        self, part: str, classes: Sequence[asyncpg.Record], reasons: Sequence[asyncpg.Record]
    ) -> list[dict[str, Any]]:
        """Part the sums by what records name: agencies or procedures, by code, the unknown last."""
        parted = list(_parted(classes, reasons, part))
        named = await self._rows(_NAMES[part], [code for code, _ in parted if code])
        names = {row[f"{part}_code"]: row[f"{part}_name"] for row in named}
        return [{f"{part}_code": code, f"{part}_name": names.get(code), **one} for code, one in parted]


def _by_currency(rows: Iterable[asyncpg.Record]) -> dict[str, dict[str, Sums]]:
    """Return what the sections of a report come to in each currency but dong, none of which they have added."""
    found: dict[str, dict[str, Sums]] = {}
    for row in rows:
        sections = found.setdefault(row["currency"], {"totals": {}, "classes": {}, "reasons": {}})
        sections[row["section"]][row["name"]] = {"count": row["count"], "amount": row["amount"]}
    return found


def _of(rows: Iterable[asyncpg.Record], part: str) -> list[asyncpg.Record]:
    return [row for row in rows if row["part"] == part]


def _parted(
    classes: Iterable[asyncpg.Record], reasons: Iterable[asyncpg.Record], part: str
) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """Yield each code of a part with its classes and reasons; what has none comes last."""
    of_classes, of_reasons = _by_code(_of(classes, part)), _by_code(_of(reasons, part))
    for code in sorted(of_classes, key=lambda code: (code is None, code)):
        yield (
            code,
            {
                "classes": _fill(_over_all(of_classes[code]), COUNTED),
                "reasons": _over_all(of_reasons.get(code, ())),
            },
        )


def _by_code(rows: Iterable[asyncpg.Record]) -> dict[str | None, list[asyncpg.Record]]:
    found: dict[str | None, list[asyncpg.Record]] = {}
    for row in rows:
        found.setdefault(row["code"], []).append(row)
    return found


def _total(leg: Leg, told: asyncpg.Record | None) -> dict[str, int]:
    """Return count and amount of a leg's lines; a gateway's say what it kept and pays out, too."""
    names = ("count", "amount", "fee", "net") if leg is Leg.SETTLEMENT else ("count", "amount")
    return {name: told[name] if told else 0 for name in names}


def _over_all(rows: Iterable[asyncpg.Record]) -> Sums:
    sums: Sums = {}
    for row in rows:
        one = sums.setdefault(row["name"], {"count": 0, "amount": 0})
        one["count"] += row["count"]
        one["amount"] += row["amount"]
    return sums


def _fill(sums: Sums, names: Iterable[str]) -> Sums:
    return {str(name): sums.get(name, {"count": 0, "amount": 0}) for name in names}


def _success(counts: Mapping[str, int]) -> dict[str, Any]:
    attempts = sum(counts.values())
    ratio = round(counts.get(Outcome.PAID, 0) / attempts, 4) if attempts else None
    return {"attempts": attempts, **{str(one): counts.get(one, 0) for one in Outcome}, "ratio": ratio}
