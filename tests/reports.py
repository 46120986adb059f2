"""The report of a closed day, as tests need one."""

from typing import Any, Final

from reconciliation.model import COUNTED, FATES

EMPTY: Final = {str(one): {"count": 0, "amount": 0} for one in COUNTED}
REPORT: Final[dict[str, Any]] = {
    "tenant": "haiduong",
    "date": "2024-05-08",
    "status": "discrepant",
    "rule_set": "x",
    "totals": {
        "obligation": {"count": 2, "amount": 1_234_567},
        "payments": {"count": 2, "amount": 1_234_567},
        "settlement": {"count": 3, "amount": 300_000},
        "bank": {"count": 1, "amount": -5},
        "treasury": {"count": 4, "amount": 400_000},
        "receipt": {"count": 5, "amount": 500_000},
        "report": {"count": 6, "amount": 600_000},
    },
    "classes": {**EMPTY, "matched": {"count": 1, "amount": 1_234_567}},
    "reasons": {"bank_missing": {"count": 1, "amount": 100_000}},
    "by_agency": [
        {"agency_code": "H23", "agency_name": "=cmd|'/c calc'!A1", "classes": EMPTY, "reasons": {}},
        {"agency_code": None, "agency_name": None, "classes": EMPTY, "reasons": {}},
    ],
    "by_source": [
        {"source": "hd-dvcqg", "classes": EMPTY, "reasons": {"bank_missing": {"count": 1, "amount": 100_000}}},
        {"source": None, "classes": EMPTY, "reasons": {}},
    ],
    "by_procedure": [
        {"procedure_code": "1.005129", "procedure_name": "Cấp phép", "classes": EMPTY, "reasons": {}},
        {"procedure_code": None, "procedure_name": None, "classes": EMPTY, "reasons": {}},
    ],
    "other_currencies": {
        "USD": {
            "totals": {"payments": {"count": 1, "amount": 1_250}},
            "classes": {"mismatched": {"count": 1, "amount": 1_250}},
            "reasons": {"currency_differs": {"count": 1, "amount": 1_250}},
        }
    },
    "success": {
        "attempts": 4,
        "paid": 3,
        "payer_left": 1,
        "declined": 0,
        "gateway_fault": 0,
        "our_fault": 0,
        "pending": 0,
        "ratio": 0.75,
    },
    "feeds": [
        {
            "account": "0011",
            "complete": False,
            "why": "it opens with 5 ₫, and the one before closed with 7 ₫",
            "faults": [{"fault": "opening_differs", "opening": 5, "closing": 7}],
        },
        {"source": "hd-dvcqg", "complete": True, "why": None, "faults": []},
    ],
    "proof": {
        "opening": 0,
        "opened": 1,
        "closed": 0,
        "closing": 1,
        "left": 10,
        "right": 4,
        "explained": 6,
        "residual": 0,
        "items": {"bank_missing": 5, "other_day": 1},
    },
    "facts": {"cases": 2, "digest": "1" * 64},
    "discrepancies": {fate: {"count": place, "amount": 0} for place, fate in enumerate(FATES)},
    "run": 12,
    "sequence": 2,
    "corrects": 9,
    "digest": "0" * 64,
}
"""One with something in each of its parts, and a formula in an agency's name."""


def report(**changes: object) -> dict[str, Any]:
    return {**REPORT, **changes}
