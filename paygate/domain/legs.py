"""The places where one payment leaves its trace."""

from enum import StrEnum


class Leg(StrEnum):
    OBLIGATION = "obligation"
    PAYMENT = "payment"
    SETTLEMENT = "settlement"
    BANK = "bank"
    TREASURY = "treasury"
    RECEIPT = "receipt"
    REPORT = "report"
