"""What an office decides of the form in which its reports are printed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PrintForm:
    """The parts of a printed report that are no figures.

    `parent` is the body above the one that reports, '': none is named; `place` is where it is signed, '': left blank;
    `font_size` is in points, the decree's 13 or 14; `signers` sign from left to right, none named: the usual three.
    """

    parent: str = ""
    place: str = ""
    font_size: int = 13
    signers: tuple[str, ...] = ()
