"""Whose a statement is: the account among a tenant's that it names, the one chosen for it, or the leg's own."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from paygate.domain.errors import InvalidInputError
from paygate.domain.legs import LEG_OF_ACCOUNT, Leg
from paygate.domain.statement import StatementHead, StatementSummary

KIND_OF_LEG: Final = {leg: kind for kind, leg in LEG_OF_ACCOUNT.items()}
HANDED_OVER: Final = frozenset({Leg.TREASURY, Leg.RECEIPT})
"""Legs whose lines tell of a payment's way on, not of money that came."""


class KnownSource(NamedTuple):
    """A tenant's source: its account, and whether it expects that its gateway settles what was paid."""

    source_id: int
    code: str
    account_id: int | None
    settles: bool


class Owner(NamedTuple):
    """An account: its number here, at the bank, and what its statements are evidence of.

    `account_id` is None where it is yet to be made; `source_id` is the source whose gateway settled what stands there.
    """

    account_id: int | None
    number: str
    leg: Leg
    source_id: int | None = None


class Accounts:
    """The tenant's accounts, given as number here, number at the bank and kind; `chosen` is the one a caller names.

    Raises:
        InvalidInputError: the tenant has no such account.
    """

    def __init__(
        self, rows: Iterable[tuple[int, str, str]], chosen: str | None, sources: Iterable[KnownSource] = ()
    ) -> None:
        self._owners = {
            squeezed(number): Owner(account_id, number, LEG_OF_ACCOUNT[kind]) for account_id, number, kind in rows
        }
        self._sources = list(sources)
        self._chosen = chosen
        self._named: set[str] = set()
        if chosen is not None:
            self._known(chosen)

    def owner(self, said: StatementHead | StatementSummary) -> Owner:
        """Return the account of a statement.

        Raises:
            InvalidInputError: it is not known, not the one that was chosen, or of another kind than its lines; or no
                source is known whose gateway settled them.
        """
        if said.leg in HANDED_OVER or said.source is not None:
            return self._owner_by_leg(said, said.leg or Leg.SETTLEMENT)
        owner = self._named_or_chosen(said.account)
        return owner._replace(source_id=self._source_of(owner))

    def _owner_by_leg(self, said: StatementHead | StatementSummary, leg: Leg) -> Owner:
        if said.account is None and self._chosen is None:
            source = self._settling(said.source) if said.source is not None else None
            return self._own(source.code if source else str(leg), leg, source)
        owner = self._fitting(self._named_or_chosen(said.account), leg)
        if said.source is None:
            return owner
        source_id = None if said.source else self._source_of(owner)
        return owner._replace(source_id=source_id or self._settling(said.source).source_id)

    def _named_or_chosen(self, named: str | None) -> Owner:
        if self._chosen is None:
            if named is None:
                raise InvalidInputError("the file names no account; the tenant has %(accounts)s", accounts=self._list())
            return self._known(named)
        chosen = self._known(self._chosen)
        if named is not None:
            self._named.add(named)
            if len(self._named) > 1 or self._owners.get(squeezed(named), chosen) != chosen:
                raise InvalidInputError(
                    "the file has a statement of account %(named)r, not only of %(number)r",
                    named=named,
                    number=chosen.number,
                )
        return chosen

    def _own(self, number: str, leg: Leg, source: KnownSource | None) -> Owner:
        """Return the account that stands for a leg, or for a gateway, and has no other name."""
        made = self._owners.get(squeezed(number), Owner(None, number, leg))
        return self._fitting(made, leg)._replace(source_id=source.source_id if source else None)

    def _fitting(self, owner: Owner, leg: Leg) -> Owner:
        if owner.leg is not leg:
            raise InvalidInputError(
                "account %(number)r tells of the %(leg)s leg, and these lines of the %(other)s leg;"
                " they need an account of kind %(kind)r, or none named",
                number=owner.number,
                leg=owner.leg,
                other=leg,
                kind=KIND_OF_LEG[leg],
            )
        return owner

    def _settling(self, code: str) -> KnownSource:
        """Return the source of a settlement: the one of that code, or the only one that expects any."""
        found = [one for one in self._sources if (one.code == code if code else one.settles)]
        if len(found) == 1:
            return found[0]
        if code:
            there = ", ".join(one.code for one in self._sources) or "none"
            raise InvalidInputError("there is no source %(code)r; the tenant has %(sources)s", code=code, sources=there)
        if not found:
            raise InvalidInputError("no source of the tenant expects a settlement; the mapping should name its source")
        several = ", ".join(one.code for one in found)
        raise InvalidInputError(
            "several sources expect a settlement (%(sources)s); the mapping should name its source", sources=several
        )

    def _source_of(self, owner: Owner) -> int | None:
        """Return the only source whose money comes to a gateway's account."""
        if owner.leg is not Leg.SETTLEMENT:
            return None
        found = [one.source_id for one in self._sources if one.account_id == owner.account_id]
        return found[0] if len(found) == 1 else None

    def _known(self, number: str) -> Owner:
        if (found := self._owners.get(squeezed(number))) is None:
            raise InvalidInputError(
                "there is no account %(number)r; the tenant has %(accounts)s", number=number, accounts=self._list()
            )
        return found

    def _list(self) -> str:
        return ", ".join(owner.number for owner in self._owners.values()) or "none"


def squeezed(number: str) -> str:
    """Write an account's number as two ways of writing it are compared."""
    return "".join(number.split()).upper()
