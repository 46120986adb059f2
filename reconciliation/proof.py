"""The statement that proves itself: every đồng between a day's two sides has a name, and runs join without a gap."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Proof:
    """The proof of a closed day, in minor units.

    `left` is the sum of the day's paid payments, `right` the signed sum of its booked lines, `explained` what matches
    and open facts say the difference is made of. `opening` to `closing` bridge the live discrepancies from the run
    before: what opened or grew, what closed or shrank.
    """

    left: int
    right: int
    items: Mapping[str, int]
    opening: int
    opened: int
    closed: int
    closing: int

    @property
    def explained(self) -> int:
        """The difference as far as it has names."""
        return sum(self.items.values())

    @property
    def residual(self) -> int:
        """What nobody can name. Anything but 0 is a fault of ours."""
        return self.left - self.right - self.explained

    @property
    def continuous(self) -> bool:
        """Whether the live discrepancies are those of the run before, and what has changed since."""
        return self.opening + self.opened - self.closed == self.closing

    def as_json(self) -> dict[str, object]:
        """Return the contract's shape."""
        return {
            "opening": self.opening,
            "opened": self.opened,
            "closed": self.closed,
            "closing": self.closing,
            "left": self.left,
            "right": self.right,
            "explained": self.explained,
            "residual": self.residual,
            "items": dict(self.items),
        }
