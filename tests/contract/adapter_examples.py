"""One configured source of each adapter, and what its format can carry: what the contract suite sends through it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from adapters import registry
from paygate.domain.adapter import Simulator
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import MAX_AMOUNT
from paygate.domain.notice import NoticeFacts
from tests.certificates import bank_identity

NOW = datetime(2024, 5, 8, 7, 8, 30, tzinfo=UTC)


class Key(NamedTuple):
    """What the source signs with, and what its adapter verifies by: the same where the scheme is symmetric."""

    signs: bytes
    verifies: bytes


class Keys(NamedTuple):
    """Keys of one source: three live ones, and one of somebody else."""

    old: Key
    live: Key
    new: Key
    strange: Key


def symmetric(*secrets: bytes) -> Keys:
    return Keys(*(Key(secret, secret) for secret in secrets))


SECRETS = symmetric(
    b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    b"C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    b"plJ3nmyCDGBKInavdOK15jsl5kEXJSJ2",
    b"QqvXkTFvXnOyvLKLcYhZ8e5rVq1VWUxA",
)
"""Base64, so that every scheme can use them."""


def of_a_bank() -> Keys:
    """Four private keys to sign with, and the certificates to verify by."""
    return Keys(*(Key(one.key, one.certificate) for one in (bank_identity() for _ in range(4))))


PAID = NoticeFacts(
    reference="dvc0000012H2324050800012024050814063400",
    transaction_id="14422574",
    state=PaymentState.PAID,
    outcome=Outcome.PAID,
    amount=150_000,
    currency="VND",
    occurred_at=datetime(2024, 5, 8, 7, 7, 12, tzinfo=UTC),
    dossier_code="000.00.12.H23-240508-0001",
    description="Lệ phí hồ sơ 000.00.12.H23-240508-0001, Nguyễn Thị Ánh",
)
ATTEMPTS = frozenset(
    {PaymentState.PAID, PaymentState.FAILED, PaymentState.PENDING, PaymentState.ABANDONED, PaymentState.EXPIRED}
)
MONEY_IN = frozenset({PaymentState.PAID, PaymentState.PENDING})
"""Of an account where money came, or where something did that nobody has listed."""


@dataclass(frozen=True)
class Example:
    """One source of a kind.

    `says` are the states in which it can report a payment. `stored`, `repeated` and `refused` are what it answers; None
    is an answer without a body. `believed` is how far its word that a payment is paid is taken. A scheme that does not
    sign everything says so; `most` is the largest amount it writes.
    """

    options: Mapping[str, Any]
    stored: Mapping[str, Any] | None
    repeated: Mapping[str, Any] | None
    refused: Mapping[str, Any] | None
    stored_status: int = 200
    says: frozenset[PaymentState] = frozenset({PaymentState.PAID, PaymentState.FAILED, PaymentState.PENDING})
    believed: PaymentState = PaymentState.PAID
    names_unlisted: bool = True
    signs_everything: bool = True
    most: int = MAX_AMOUNT
    keys: Keys = SECRETS
    query_options: Mapping[str, Any] = field(default_factory=dict)
    """Options beside these that asking the source needs."""
    another: Mapping[str, Any] | None = None
    """Options of another partner whose notices the same secret may sign; None where no such option is signed."""

    def understood(self, facts: NoticeFacts) -> NoticeFacts:
        """What is believed of facts that were sent."""
        if facts.state is PaymentState.PAID and self.believed is not PaymentState.PAID:
            return facts._replace(state=self.believed, outcome=Outcome.PENDING)
        return facts


EXAMPLES: Mapping[str, Example] = {
    "dvcqg": Example(
        options={"partner_code": "DVC-TEST", "failed_codes": ["99"]},
        another={"partner_code": "OTHER"},
        stored={"MaLoi": "00", "MaDoiTac": "DVC-TEST", "MaThamChieu": PAID.reference},
        repeated={"MaLoi": "00", "MaDoiTac": "DVC-TEST", "MaThamChieu": PAID.reference},
        refused={"MaLoi": "99"},
    ),
    "vnpay": Example(
        options={"terminal_code": "PAYGATE1"},
        another={"terminal_code": "OTHER"},
        says=ATTEMPTS,
        stored={"RspCode": "00"},
        repeated={"RspCode": "02"},
        refused={"RspCode": "97"},
    ),
    "payos": Example(
        options={},
        says=MONEY_IN,
        stored={"success": True},
        repeated={"success": True},
        refused={"success": False},
        signs_everything=False,
    ),
    "casso": Example(
        options={},
        says=frozenset({PaymentState.PAID}),
        stored={"success": True},
        repeated={"success": True},
        refused={"success": False},
    ),
    "momo": Example(
        options={"partner_code": "MOMOTEST", "access_key": "F8BBA842ECF85"},
        another={"partner_code": "OTHER", "access_key": "F8BBA842ECF85"},
        says=ATTEMPTS,
        stored=None,
        repeated=None,
        refused=None,
        stored_status=204,
        names_unlisted=False,
    ),
    "zalopay": Example(
        options={"app_id": 2553},
        another={"app_id": 2554},
        query_options={"key1": "PcY4iZIKFCIdgZvA6ueMcMHHUbRLYjPL"},
        says=frozenset({PaymentState.PAID}),
        stored={"return_code": 1},
        repeated={"return_code": 2},
        refused={"return_code": -1},
        signs_everything=False,
    ),
    "sepay": Example(
        options={},
        says=MONEY_IN,
        stored={"success": True},
        repeated={"success": True},
        refused={"success": False},
    ),
    "vietinbank": Example(
        options={
            "provider_id": "9111",
            "transaction_id_pattern": "[0-9]{8}",
            "customer_code_pattern": "2NDV[A-Z]{3}[0-9]{11}",
            "bank_transaction_pattern": "[0-9]{3}[A-Z][0-9]{5}[A-Z0-9]{7}",
        },
        another={"provider_id": "9112"},
        says=MONEY_IN,
        stored={"transId": PAID.transaction_id, "providerId": "9111", "errorCode": "00"},
        repeated={"transId": PAID.transaction_id, "providerId": "9111", "errorCode": "00"},
        refused={"errorCode": "01"},
        signs_everything=False,
        most=10**15 - 1,
        keys=of_a_bank(),
    ),
    "viettelpay": Example(
        options={"merchant_code": "HAIDUONG", "access_code": "d41d8cd98f00b204"},
        another={"merchant_code": "OTHER", "access_code": "d41d8cd98f00b204"},
        says=MONEY_IN,
        believed=PaymentState.PENDING,
        stored={"error_code": "00", "merchant_code": "HAIDUONG", "order_id": PAID.reference},
        repeated={"error_code": "00", "merchant_code": "HAIDUONG", "order_id": PAID.reference},
        refused={"error_code": "02"},
        signs_everything=False,
    ),
    "keypay": Example(
        options={"client_id": "HAIDUONG"},
        another={"client_id": "OTHER"},
        says=MONEY_IN,
        believed=PaymentState.PENDING,
        stored={"return_code": 0},
        repeated={"return_code": 0},
        refused={"return_code": -1},
        signs_everything=False,
    ),
    "standardwebhooks": Example(
        options={},
        says=frozenset(PaymentState),
        stored={"success": True},
        repeated={"success": True},
        refused={"success": False},
        names_unlisted=False,
    ),
}


@cache  # an RSA key takes long to read
def simulator(kind: str, key: Key | None = None, **options: Any) -> Simulator:
    """The sender of such a source, by its live key."""
    example = EXAMPLES[kind]
    return registry.simulator(kind, (key or example.keys.live).signs, {**example.options, **options})


def shaped(kind: str, **changes: Any) -> NoticeFacts:
    """A paid payment, but for the changes, as a source of that kind can say it."""
    facts = simulator(kind).shape(PAID._replace(**changes))
    assert facts is not None
    return facts
