"""Whose a statement is: the account among a tenant's that it names, or the one that was chosen for it."""

from collections.abc import Iterable
from typing import NamedTuple

from paygate.domain.errors import InvalidInputError
from paygate.domain.legs import LEG_OF_ACCOUNT, Leg


class Owner(NamedTuple):
    """An account: its number here, at the bank, and what its statements are evidence of."""

    account_id: int
    number: str
    leg: Leg


class Accounts:
    """The tenant's accounts, given as number here, number at the bank and kind; `chosen` is the one a caller names.

    Raises:
        InvalidInputError: the tenant has no such account.
    """

    def __init__(self, rows: Iterable[tuple[int, str, str]], chosen: str | None) -> None:
        self._owners = {
            squeezed(number): Owner(account_id, number, LEG_OF_ACCOUNT[kind]) for account_id, number, kind in rows
        }
        self._chosen = chosen
        self._named: set[str] = set()
        if chosen is not None:
            self._known(chosen)

    def owner(self, named: str | None) -> Owner:
        """Return the account of a statement.

        Raises:
            InvalidInputError: it is not known, or not the one that was chosen.
        """
        if self._chosen is None:
            if named is None:
                raise InvalidInputError(f"the file names no account; {self._list()}")
            return self._known(named)
        chosen = self._known(self._chosen)
        if named is not None:
            self._named.add(named)
            if len(self._named) > 1 or self._owners.get(squeezed(named), chosen) != chosen:
                raise InvalidInputError(f"the file has a statement of account {named!r}, not only of {chosen.number!r}")
        return chosen

    def _known(self, number: str) -> Owner:
        if (found := self._owners.get(squeezed(number))) is None:
            raise InvalidInputError(f"there is no account {number!r}; {self._list()}")
        return found

    def _list(self) -> str:
        return "the tenant has " + (", ".join(owner.number for owner in self._owners.values()) or "no account")


def squeezed(number: str) -> str:
    """Write an account's number as two ways of writing it are compared."""
    return "".join(number.split()).upper()
