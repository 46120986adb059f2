"""The places where one payment leaves its trace."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Leg(StrEnum):
    OBLIGATION = "obligation"
    PAYMENT = "payment"
    SETTLEMENT = "settlement"
    BANK = "bank"
    TREASURY = "treasury"
    RECEIPT = "receipt"
    REPORT = "report"


LEG_OF_ACCOUNT: Final[Mapping[str, Leg]] = {
    "bank": Leg.BANK,
    "gateway": Leg.SETTLEMENT,
    "treasury": Leg.TREASURY,
    "receipt": Leg.RECEIPT,
}
"""What a statement of an account is evidence of, by the account's kind."""
