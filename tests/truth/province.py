"""Who collects, through which sources, into which accounts: every kind of source, several of them on one account."""

from dataclasses import dataclass, field
from decimal import Decimal

from tests.truth.facts import Account, BorneBy, Source


@dataclass(slots=True)
class Province:
    """A tenant's sources by what they expect, and the accounts no source names."""

    code: str
    agency: str
    accounts: list[Account]
    sources: list[Source]
    direct: tuple[Source, ...]
    """Their money arrives payment by payment."""
    agency_pays: Source
    payer_pays: Source
    gateway_pays: Source
    """Net-settled gateways, by who bears the fee; the last one gives promotions."""
    listed: Source
    """Settled line by line, and booked payment by payment."""
    handing_over: Source
    """Expects treasury, receipt and report beside the bank."""
    whole: Source
    """Expects all six legs."""
    told_only: Source
    """Expects nothing beside the payment."""
    forgotten: Account
    """A bank account no source names."""
    treasury: Account
    receipts: Account
    _made: int = field(default=0)

    @property
    def net_settled(self) -> tuple[Source, ...]:
        return (self.agency_pays, self.payer_pays, self.gateway_pays)

    def open_gateway(self) -> Source:
        """Return a net-settled source with a bank account of its own, on which nothing else happens."""
        self._made += 1
        account = Account(f"0600{self._made:09}")
        source = _net_settled(f"{self.code}-quay{self._made}", account, "0.85", "agency", f"Q{self._made}B")
        self.accounts += [account, source.clearing or account]
        self.sources.append(source)
        return source


def _net_settled(code: str, account: Account, percent: str, borne_by: BorneBy, prefix: str) -> Source:
    return Source(
        code,
        "vnpay",
        account,
        bank=2,
        settlement=1,
        percent=Decimal(percent),
        fixed=0,
        borne_by=borne_by,
        clearing=Account(code, "gateway"),
        batch_prefix=prefix,
    )


def found_province(code: str, agency: str) -> Province:
    """Return a province with its sources and accounts; `agency` is its e-ID letter and number."""
    main, second, third, fourth = (Account(f"00110{number}{len(code):04}") for number in (12345, 12346, 76543, 8))
    portal = Source(f"{code}-dvcqg", "dvcqg", main, bank=1)
    counter = Source(f"{code}-quaythu", "payos", main, bank=1)
    transfers = Source(f"{code}-chuyenkhoan", "casso", third, bank=1)
    vnpay = _net_settled(f"{code}-vnpay", second, "0.85", "agency", "VNP")
    momo = _net_settled(f"{code}-momo", second, "1.1", "payer", "MOMO")
    zalopay = _net_settled(f"{code}-zalopay", third, "0", "gateway", "ZLP")
    zalopay.promotions = True
    clearing = Account(f"{code}-napas", "gateway")
    napas = Source(f"{code}-napas", "viettelpay", main, bank=1, settlement=1, clearing=clearing)
    budget = Source(f"{code}-nsnn", "vietinbank", fourth, bank=1, treasury=2, receipt=2, report=3)
    whole = _net_settled(f"{code}-toantrinh", second, "0.5", "agency", "TTR")
    whole.treasury, whole.receipt, whole.report = 3, 3, 4
    told = Source(f"{code}-keypay", "keypay", None)
    forgotten, treasury = Account("0991000000017"), Account("treasury", "treasury")
    receipts = Account("receipt", "receipt")
    gateways = [one.clearing for one in (vnpay, momo, zalopay, napas, whole) if one.clearing]
    return Province(
        code,
        agency,
        [main, second, third, fourth, forgotten, treasury, receipts, *gateways],
        [portal, counter, transfers, vnpay, momo, zalopay, napas, budget, whole, told],
        (portal, counter, transfers),
        vnpay,
        momo,
        zalopay,
        napas,
        budget,
        whole,
        told,
        forgotten,
        treasury,
        receipts,
    )
