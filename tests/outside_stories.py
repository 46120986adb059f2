"""The stories the contract names, as the outside tells them: what each lays in, and how it must end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.notice import NoticeFacts

KEY: Final = "whsec_" + "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"
PAID_AT: Final = datetime(2024, 5, 8, 5, 0, tzinfo=UTC)
DAY: Final = "08/05/2024"
NEXT_DAY: Final = "09/05/2024"
CLOSED: Final = "2024-05-08"
CLOSED_LATER: Final = "2024-05-13"
DUE: Final = 150_000

DIRECT: Final = {"legs": {"payment": 0, "bank": 1}, "account": "001"}
NET: Final = {
    "legs": {"payment": 0, "settlement": 1, "bank": 2},
    "account": "002",
    "fee": {"percent": "1", "fixed": 0, "borne_by": "agency"},
}
WHOLE: Final = {"legs": {"payment": 0, "bank": 1, "treasury": 2, "receipt": 1, "report": 1}, "account": "003"}
SOURCES: Final = {
    code: {"tenant": "haiduong", "adapter": "standardwebhooks", "secrets": ("env:PAYGATE_TEST_WEBHOOK",), **own}
    for code, own in {"direct": DIRECT, "other": DIRECT, "net": NET, "whole": WHOLE}.items()
}
ACCOUNTS: Final = {number: {"tenant": "haiduong", "bank": "970436"} for number in ("001", "002", "003", "004")}
BANK: Final = ("booked_on", "reference", "narrative", "credit", "debit")
SETTLEMENT: Final = ("reference", "paid_at", "gross", "fee", "net", "batch", "settled_on")
PAPERS: Final = ("reference", "dossier_code", "amount", "booked_on", "document", "status")
MAPPINGS: Final = {
    "bank": {"leg": "bank", "columns": {name: name for name in BANK}},
    "settled": {"leg": "settlement", "source": "net", "columns": {name: name for name in SETTLEMENT}},
    "treasury": {"leg": "treasury", "columns": {name: name for name in PAPERS}},
    "receipt": {"leg": "receipt", "columns": {name: name for name in PAPERS}},
}


@dataclass
class Scene:
    """What a story lays in: by default nothing; each helper names what comes and from where."""

    dossier: str
    records: list[dict[str, Any]] = field(default_factory=list)
    notices: list[tuple[str, NoticeFacts]] = field(default_factory=list)
    bank: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    settled: list[dict[str, Any]] = field(default_factory=list)
    treasury: list[dict[str, Any]] = field(default_factory=list)
    receipt: list[dict[str, Any]] = field(default_factory=list)

    @property
    def reference(self) -> str:
        return "TC" + self.dossier[-4:] + "0000001"

    def record(self, amount: int = DUE, **changes: Any) -> None:
        self.records.append(
            {
                "dossier_code": self.dossier,
                "procedure_code": "1.005129",
                "procedure_name": "x",
                "agency_code": "000.00.12.H23",
                "agency_name": "y",
                "status": "processing",
                "online_payment_flag": 1,
                "obligations": [{"code": "LP01", "kind": "charge", "name": "Lệ phí", "amount": amount}],
                **changes,
            }
        )

    def paid(self, amount: int = DUE, source: str = "direct", number: int = 1, **changes: Any) -> str:
        facts = {
            "reference": self.reference[:-1] + str(number),
            "transaction_id": f"G{self.dossier[-4:]}{number}",
            "state": PaymentState.PAID,
            "outcome": Outcome.PAID,
            "amount": amount,
            "currency": "VND",
            "occurred_at": PAID_AT,
            "dossier_code": self.dossier,
            "description": "",
        } | changes
        self.notices.append((source, NoticeFacts(**facts)))
        return str(facts["reference"])

    def booked(self, amount: int, reference: str = "", narrative: str = "", account: str = "001") -> None:
        way = {"credit": amount, "debit": ""} if amount > 0 else {"credit": "", "debit": -amount}
        line = {"booked_on": NEXT_DAY, "reference": reference, "narrative": narrative, **way}
        self.bank.setdefault(account, []).append(line)

    def settles(self, reference: str, gross: int = DUE, fee: int | None = None, batch: str = "") -> None:
        kept = gross // 100 if fee is None else fee
        line = {"reference": reference, "paid_at": DAY, "gross": gross, "fee": kept, "net": gross - kept}
        self.settled.append({**line, "batch": batch or f"LO{self.dossier[-4:]}A", "settled_on": NEXT_DAY})

    def paper(self, leg: list[dict[str, Any]], reference: str, amount: int = DUE, status: str = "") -> None:
        line = {"reference": reference, "dossier_code": self.dossier, "amount": amount, "booked_on": NEXT_DAY}
        leg.append({**line, "document": f"S{self.dossier[-4:]}{len(leg)}", "status": status})

    def whole(self) -> str:
        """Lay in a payment of the source that expects every leg, with its bank line."""
        reference = self.paid(source="whole")
        self.booked(DUE, reference, account="003")
        return reference


Story = Callable[[Scene], None]
STORIES: Final[dict[str, tuple[Story, str, set[str]]]] = {}


def story(verdict: str, *reasons: str) -> Callable[[Story], Story]:
    def told(lay: Story) -> Story:
        STORIES[lay.__name__] = (lay, verdict, set(reasons))
        return lay

    return told


@story("matched")
def all_legs_agree(scene: Scene) -> None:
    scene.record()
    reference = scene.whole()
    scene.paper(scene.treasury, reference)
    scene.paper(scene.receipt, reference, 100_000)
    scene.paper(scene.receipt, "", 50_000)


@story("matched")
def exempt_with_nothing_due(scene: Scene) -> None:
    scene.record(exempt=True)


@story("matched")
def more_than_two_to_the_31st(scene: Scene) -> None:
    scene.record(5_000_000_000)
    scene.booked(5_000_000_000, scene.paid(5_000_000_000))


@story("mismatched", "underpaid")
def less_than_is_due(scene: Scene) -> None:
    scene.record()
    scene.booked(100_000, scene.paid(100_000))


@story("mismatched", "overpaid")
def more_than_is_due(scene: Scene) -> None:
    scene.record()
    scene.booked(160_000, scene.paid(160_000))


@story("mismatched", "amount_differs")
def the_bank_booked_less(scene: Scene) -> None:
    scene.record()
    scene.booked(149_000, scene.paid())


@story("duplicate", "duplicate_payment")
def paid_twice(scene: Scene) -> None:
    scene.record()
    scene.booked(DUE, scene.paid())
    scene.booked(DUE, scene.paid(number=2))


@story("duplicate", "duplicate_payment")
def paid_twice_by_another_source(scene: Scene) -> None:
    scene.record()
    scene.booked(DUE, scene.paid())
    scene.booked(DUE, scene.paid(number=2, source="other"))


@story("matched")
def paid_twice_and_refunded_once(scene: Scene) -> None:
    scene.record()
    scene.booked(DUE, scene.paid())
    scene.booked(DUE, second := scene.paid(number=2))
    scene.booked(-DUE, second, "HOAN TRA LE PHI")


@story("refund_due", "obligation_expired")
def paid_after_expiry(scene: Scene) -> None:
    scene.record(expires_on="2024-05-01")
    scene.booked(DUE, scene.paid())


@story("refund_due", "record_closed")
def paid_after_withdrawal(scene: Scene) -> None:
    scene.record(status="withdrawn")
    scene.booked(DUE, scene.paid())


@story("matched")
def withdrawn_and_refunded_in_full(scene: Scene) -> None:
    scene.record(status="withdrawn")
    scene.booked(DUE, reference := scene.paid())
    scene.booked(-DUE, reference, "HOAN TRA")


@story("refund_due", "record_closed")
def withdrawn_and_refunded_in_part(scene: Scene) -> None:
    scene.record(status="refused")
    scene.booked(DUE, reference := scene.paid())
    scene.booked(-50_000, reference, "HOAN TRA")


@story("extra", "record_missing")
def the_record_never_came(scene: Scene) -> None:
    scene.booked(DUE, scene.paid())


@story("missing", "bank_missing")
def no_bank_line(scene: Scene) -> None:
    scene.record()
    scene.paid()


@story("mismatched", "wrong_account")
def money_on_another_account(scene: Scene) -> None:
    scene.record()
    scene.booked(DUE, scene.paid(), account="004")


@story("mismatched", "paid_not_recorded")
def the_dossier_still_asks_for_payment(scene: Scene) -> None:
    scene.record(status="payment_requested")
    scene.booked(DUE, scene.paid())


@story("matched")
def a_narrative_with_accents_names_the_dossier(scene: Scene) -> None:
    scene.record()
    scene.paid()
    scene.booked(DUE, narrative=f"Nộp lệ phí hồ sơ {scene.dossier} qua app")


@story("matched")
def two_lines_make_the_sum(scene: Scene) -> None:
    scene.record()
    reference = scene.paid()
    scene.booked(100_000, reference)
    scene.booked(50_000, reference)


@story("matched")
def one_line_pays_two_parts(scene: Scene) -> None:
    scene.record()
    scene.paid(100_000)
    scene.paid(50_000, transaction_id=f"H{scene.dossier[-4:]}")
    scene.booked(DUE, scene.reference)


@story("matched")
def one_line_names_two_payments(scene: Scene) -> None:
    scene.record()
    first, second = scene.paid(100_000), scene.paid(50_000, number=2)
    scene.booked(DUE, narrative=f"TT {first} va {second}")


@story("matched")
def settled_net_in_a_batch(scene: Scene) -> None:
    scene.record()
    scene.settles(scene.paid(source="net"))
    scene.booked(148_500, narrative=f"QUYET TOAN LO{scene.dossier[-4:]}A", account="002")


@story("mismatched", "fee_differs")
def the_gateway_kept_more(scene: Scene) -> None:
    scene.record()
    scene.settles(scene.paid(source="net"), fee=2_000)
    scene.booked(148_000, narrative=f"QUYET TOAN LO{scene.dossier[-4:]}A", account="002")


@story("mismatched", "net_differs")
def the_batch_was_paid_short(scene: Scene) -> None:
    scene.record()
    scene.settles(scene.paid(source="net"))
    scene.booked(148_400, narrative=f"QUYET TOAN LO{scene.dossier[-4:]}A", account="002")


@story("missing", "settlement_missing")
def no_settlement_line(scene: Scene) -> None:
    scene.record()
    scene.booked(DUE, scene.paid(source="net"), account="002")


@story("mismatched", "flag_not_synced")
def the_flag_is_not_synced(scene: Scene) -> None:
    scene.record(online_payment_flag=0)
    reference = scene.whole()
    scene.paper(scene.treasury, reference)
    scene.paper(scene.receipt, reference)


@story("missing", "receipt_missing")
def no_receipt(scene: Scene) -> None:
    scene.record()
    scene.paper(scene.treasury, scene.whole())


@story("missing", "treasury_not_sent")
def not_handed_over(scene: Scene) -> None:
    scene.record()
    reference = scene.whole()
    scene.paper(scene.receipt, reference)
    scene.paper(scene.treasury, reference, status="NOT_SENT")


@story("mismatched", "currency_differs")
def another_currency(scene: Scene) -> None:
    scene.record(0)
    scene.paid(currency="USD")


@story("mismatched", "notices_conflict")
def one_transaction_told_in_two_ways(scene: Scene) -> None:
    scene.record()
    reference = scene.paid()
    scene.paid(amount=160_000)
    scene.booked(DUE, reference)


@story("pending", "ambiguous")
def two_lines_for_one_payment(scene: Scene) -> None:
    scene.record()
    reference = scene.paid()
    scene.booked(DUE, reference)
    scene.booked(DUE, reference)
