"""Procedure records as a one-stop system sends them."""

from typing import Any

from tests.ledger_facts import DOSSIER


def a_row(**changes: Any) -> dict[str, Any]:
    row = {
        "dossier_code": DOSSIER,
        "procedure_code": "1.005129",
        "procedure_name": "Cấp giấy phép",
        "agency_code": "000.00.12.H23",
        "agency_name": "Sở Xây dựng",
        "status": "processing",
        "received_on": "2024-05-08",
        "processing_started_on": None,
        "expires_on": None,
        "exempt": False,
        "online_payment_flag": 0,
        "version": None,
        "obligations": [{"code": "LP01", "kind": "charge", "name": "Lệ phí", "amount": 50_000}],
    }
    return row | changes
