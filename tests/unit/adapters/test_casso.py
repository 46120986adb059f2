import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from adapters.casso import Casso, CassoOptions
from adapters.casso.payloads import MAX_MOVEMENTS
from adapters.casso.signature import sign, string_to_sign
from adapters.casso.simulator import CassoSimulator
from paygate.domain.errors import InvalidInputError, NotAPaymentError, NotAuthenticError, UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.notice import NoticeFacts, RawNotice, Several, payload_told

SECRET = b"mgExMrjj4i7a1p8Cs6LmFbpCd8lbw4sSX4LZXPag7TKazeIogtR90tvWYTkwQbvs"
"""Of the published example."""
NOW = datetime(2024, 5, 8, 7, 8, tzinfo=UTC)
MOVEMENT: Mapping[str, Any] = {
    "id": 360056,
    "reference": "FT24129123456789",
    "description": "Le phi ho so 000.00.12.H23-240508-0001",
    "amount": 150000,
    "runningBalance": 25000000,
    "transactionDateTime": "2024-05-08 14:07:12",
    "accountNumber": "0011001234567",
    "bankName": "VPBank",
    "bankAbbreviation": "VPB",
    "virtualAccountNumber": "",
    "virtualAccountName": "",
    "counterAccountName": "NGUYỄN THỊ ÁNH",
    "counterAccountNumber": "8888888888",
    "counterAccountBankId": "970415",
    "counterAccountBankName": "VietinBank",
}
LISTED: Mapping[str, Any] = {
    "id": 360056,
    "tid": "FT24129123456789",
    "description": "Le phi ho so 000.00.12.H23-240508-0001",
    "amount": 150000,
    "cusum_balance": 25000000,
    "when": "2024-05-08 14:07:12",
    "bank_sub_acc_id": "0011001234567",
    "subAccId": "0011001234567",
}
FACTS = NoticeFacts(
    reference="FT24129123456789",
    transaction_id="360056",
    state=PaymentState.PAID,
    outcome=Outcome.PAID,
    amount=150_000,
    currency="VND",
    occurred_at=datetime(2024, 5, 8, 7, 7, 12, tzinfo=UTC),
    dossier_code="000.00.12.H23-240508-0001",
    description="Le phi ho so 000.00.12.H23-240508-0001",
)
PUBLISHED_AT = datetime(2024, 10, 3, 9, 37, 38, tzinfo=UTC)
PUBLISHED_HEADER = (
    "t=1727948258788,v1=ed0a4bd2e826d5cb69988cdb141e6c1a080e21f3b57eb72cd78192220042b9e7"
    "dde0868fc667faea8e224900fa7904e7c88dfa098032fb2d6b6996856e8b7ff3"
)
PUBLISHED = {
    "error": 0,
    "data": {
        "id": 0,
        "reference": "MA_GIAO_DICH_THU_NGHIEM",
        "description": "giao dich thu nghiem",
        "amount": 599000,
        "runningBalance": 25000000,
        "transactionDateTime": "2024-10-03 15:06:37",
        "accountNumber": "88888888",
        "bankName": "VPBank",
        "bankAbbreviation": "VPB",
        "virtualAccountNumber": "",
        "virtualAccountName": "",
        "counterAccountName": "NGUYEN VAN A",
        "counterAccountNumber": "8888888888",
        "counterAccountBankId": "970415",
        "counterAccountBankName": "VietinBank",
    },
}
"""The example of Casso's own documentation, which is the trial of a webhook's address."""


def adapter() -> Casso:
    return Casso([SECRET], CassoOptions())


def by_token() -> Casso:
    return Casso([], CassoOptions.model_validate({"static_token": "R5G4cbnN7uSAwfTd"}))


def header(message: Mapping[str, Any], sent_at: datetime = NOW) -> str:
    milliseconds = str(int(sent_at.timestamp() * 1000))
    return f"t={milliseconds},v1={sign(string_to_sign(milliseconds, message), SECRET)}"


def with_header(body: bytes, value: str) -> RawNotice:
    return RawNotice("POST", body, {"x-casso-signature": value})


def notice(**changed: Any) -> RawNotice:
    message = {"error": 0, "data": {**MOVEMENT, **changed}}
    return with_header(json.dumps(message).encode(), header(message))


def listing(*movements: object, token: str = "R5G4cbnN7uSAwfTd", **beside: Any) -> RawNotice:
    body = json.dumps({"error": 0, "data": movements, **beside}).encode()
    return RawNotice("POST", body, {"secure-token": token})


def facts(raw: RawNotice) -> NoticeFacts:
    return adapter().translate(adapter().verify(raw, NOW).payload)


def parts(raw: RawNotice) -> list[object]:
    payload = by_token().verify(raw, NOW).payload
    assert isinstance(payload, Several)
    return [part.payload for part in payload.parts]


# -- Version 2 ---------------------------------------------------------------------------------------------------------


def test_the_published_example_is_authentic_and_a_trial_of_the_connection() -> None:
    raw = with_header(json.dumps(PUBLISHED, indent=2).encode(), PUBLISHED_HEADER)
    payload = adapter().verify(raw, PUBLISHED_AT).payload
    with pytest.raises(NotAPaymentError, match="tried the connection"):
        adapter().translate(payload)


def test_a_webhook_says_what_came_for_which_dossier() -> None:
    assert facts(notice()) == FACTS


def test_the_order_of_names_and_the_spacing_of_a_body_are_free() -> None:
    message = {"data": dict(sorted(MOVEMENT.items(), reverse=True)), "error": 0}
    for body in (json.dumps(message, indent=1), json.dumps(message, ensure_ascii=False, separators=(",", ":"))):
        assert facts(with_header(body.encode(), header(message))) == FACTS


def test_a_payer_who_writes_the_words_of_the_trial_still_pays() -> None:
    said = facts(notice(reference="MA_GIAO_DICH_THU_NGHIEM", description="giao dich thu nghiem"))
    assert (said.state, said.amount) == (PaymentState.PAID, 150_000)


@pytest.mark.parametrize("amount", [-150000, 0])
def test_money_that_went_out_is_no_payment(amount: int) -> None:
    with pytest.raises(NotAPaymentError, match="no money came"):
        facts(notice(amount=amount))


def test_a_movement_without_the_banks_reference_goes_by_cassos_number() -> None:
    for nothing in ("", None):
        assert facts(notice(reference=nothing)) == FACTS._replace(reference="360056")


def test_fields_that_are_new_to_us_are_signed_and_passed_over() -> None:
    assert facts(notice(fee=0.1, tags=[{"z": 1, "a": None}], more={"b": True, "a": 1.50})) == FACTS


@pytest.mark.parametrize(("seconds", "passes"), [(300, True), (-300, True), (301, False), (-301, False)])
def test_a_signature_is_good_for_five_minutes_to_either_side(seconds: int, passes: bool) -> None:  # noqa: FBT001
    message = {"error": 0, "data": MOVEMENT}
    raw = with_header(json.dumps(message).encode(), header(message, NOW + timedelta(seconds=seconds)))
    if passes:
        assert facts(raw) == FACTS
    else:
        with pytest.raises(NotAuthenticError, match="more than 300 s"):
            adapter().verify(raw, NOW)


def test_one_of_several_signatures_is_enough() -> None:
    raw = notice()
    good = raw.headers["x-casso-signature"]
    stamp, _, signature = good.partition(",v1=")
    assert facts(with_header(raw.body, f"{stamp},v1={'0' * 128},v1={signature}")) == FACTS


@pytest.mark.parametrize(
    "value",
    [
        "",
        "t=1715152080000",
        "t=1715152080000,v1=",
        f"t=,v1={'0' * 128}",
        f"t=1715152080000,v1={'0' * 127}",
        f"t=1715152080000;v1={'0' * 128}",
        f"v1={'0' * 128},t=1715152080000",
        f"t=1715152080000,t=1715152080000,v1={'0' * 128}",
        f"t=-1,v1={'0' * 128}",
        f"t=1715152080.5,v1={'0' * 128}",
        f"t=1715152080000, v1={'0' * 128}",
        f"t=1715152080000,v1={'0' * 128}\n",
        f"t=١٧١٥١٥٢٠٨٠٠٠٠,v1={'0' * 128}",
        f"t={'9' * 16},v1={'0' * 128}",
        "t=1715152080000" + f",v1={'0' * 128}" * 17,
    ],
)
def test_a_malformed_header_is_refused(value: str) -> None:
    with pytest.raises(NotAuthenticError):
        adapter().verify(with_header(notice().body, value), NOW)


def test_a_signature_over_the_body_as_sent_is_none() -> None:
    body = notice().body
    raw = with_header(body, f"t=1715152080000,v1={sign(f'1715152080000.{body.decode()}', SECRET)}")
    with pytest.raises(NotAuthenticError):
        adapter().verify(raw, NOW)


def test_an_integer_that_javascript_confuses_with_its_neighbour_is_refused() -> None:
    assert adapter().verify(notice(amount=2**53 - 1), NOW)
    body = notice().body.replace(b"150000", str(2**53 + 1).encode())
    with pytest.raises(NotAuthenticError, match="beyond 53 bits"):
        adapter().verify(with_header(body, notice().headers["x-casso-signature"]), NOW)


@pytest.mark.parametrize("name", ["1", "", "a-b", "é", "a\n", '"'])
def test_a_name_that_javascript_would_sort_otherwise_is_refused(name: str) -> None:
    body = json.dumps({"error": 0, "data": {**MOVEMENT, name: 1}}).encode()
    with pytest.raises(NotAuthenticError, match="a name is not"):
        adapter().verify(with_header(body, notice().headers["x-casso-signature"]), NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"x"',
        notice().body[:-1],
        notice().body.replace(b'"amount"', b'"amount": 1, "amount"'),
        notice().body.replace(b"150000", b"NaN"),
        notice().body.replace(b"VPBank", b"\\u0000"),
        notice().body.replace(b"VPBank", b"\\ud800"),
        b"\xff",
    ],
    ids=range(9),
)
def test_a_body_that_has_no_one_meaning_is_not_authenticated_and_cannot_be_understood(body: bytes) -> None:
    raw = with_header(body, notice().headers["x-casso-signature"])
    with pytest.raises(NotAuthenticError):
        adapter().verify(raw, NOW)
    with pytest.raises(UnreadableNoticeError):
        adapter().translate(adapter().read(raw))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", 1.5),
        ("amount", True),
        ("amount", None),
        ("amount", ""),
        ("amount", "150.000"),
        ("amount", "--1"),
        ("amount", [150000]),
        ("id", None),
        ("id", -1),
        ("id", "x"),
        ("reference", "x" * 256),
        ("reference", "a\nb"),
        ("reference", {}),
        ("transactionDateTime", "2024-05-08"),
        ("transactionDateTime", None),
        ("description", ["x"]),
    ],
)
def test_an_authentic_field_in_another_format_is_unreadable_and_acknowledged(field: str, value: object) -> None:
    payload = adapter().verify(notice(**{field: value}), NOW).payload
    with pytest.raises(UnreadableNoticeError, match=field):
        adapter().translate(payload)
    assert adapter().acknowledge(payload, repeated=False).status == 200


@pytest.mark.parametrize("message", [{}, {"error": 0}, {"error": 1, "data": {}}, {"error": 0, "data": "x"}])
def test_an_authentic_body_of_another_shape_is_unreadable(message: Mapping[str, Any]) -> None:
    payload = adapter().verify(with_header(json.dumps(message).encode(), header(message)), NOW).payload
    with pytest.raises(UnreadableNoticeError):
        adapter().translate(payload)


# -- Version 1 ---------------------------------------------------------------------------------------------------------


def test_a_list_is_taken_apart_into_what_came_for_which_dossier() -> None:
    told = parts(listing(LISTED, {**LISTED, "id": 360057, "tid": "FT2", "amount": 7}))
    assert [by_token().translate(one) for one in told] == [
        FACTS,
        FACTS._replace(transaction_id="360057", reference="FT2", amount=7),
    ]


def test_each_movement_of_a_list_is_judged_by_itself() -> None:
    good, out, bad, trial, none = parts(
        listing(LISTED, {**LISTED, "amount": -1}, {**LISTED, "when": "2024-05-08"}, {**LISTED, "id": 0}, None)
    )
    assert by_token().translate(good) == FACTS
    for no_payment in (out, trial):
        with pytest.raises(NotAPaymentError):
            by_token().translate(no_payment)
    for unreadable in (bad, none):
        with pytest.raises(UnreadableNoticeError):
            by_token().translate(unreadable)


def test_a_movement_has_the_same_words_whatever_stands_beside_it() -> None:
    alone, among = (
        by_token().read(listing(LISTED)),
        by_token().read(listing({**LISTED, "id": 7}, dict(sorted(LISTED.items())))),
    )
    assert isinstance(alone, Several)
    assert isinstance(among, Several)
    assert alone.parts[0] == among.parts[1]
    words = sha256(alone.parts[0].words).digest()
    assert by_token().translate(payload_told(among, words)) == FACTS


def test_a_stored_whole_that_turns_out_to_be_several_is_not_taken_for_one_of_them() -> None:
    raw = listing(LISTED)
    with pytest.raises(UnreadableNoticeError, match="several payments"):
        payload_told(by_token().read(raw), sha256(raw.body).digest())


@pytest.mark.parametrize("token", ["", "R5G4cbnN7uSAwfTe", "R5G4cbnN7uSAwfTd ", "\udcff"])
def test_another_token_is_refused(token: str) -> None:
    with pytest.raises(NotAuthenticError):
        by_token().verify(listing(LISTED, token=token), NOW)


def test_the_token_is_asked_for_and_never_kept() -> None:
    assert tuple(by_token().signed_headers) == ("secure-token",)
    assert by_token().secret_headers == {"secure-token"}
    assert adapter().secret_headers == frozenset()


@pytest.mark.parametrize(
    "raw",
    [
        listing(LISTED)._replace(body=b"{"),
        listing(),
        listing(LISTED, error=1),
        listing(*[LISTED] * (MAX_MOVEMENTS + 1)),
    ],
    ids=["not JSON", "nothing", "error", "too many"],
)
def test_a_believed_body_nobody_can_take_apart_is_unreadable_as_a_whole(raw: RawNotice) -> None:
    payload = by_token().verify(raw, NOW).payload
    assert payload == by_token().read(raw)
    with pytest.raises(UnreadableNoticeError):
        by_token().translate(payload)


def test_the_simulator_sends_either_version_and_keeps_silent_where_the_real_one_does() -> None:
    method, body, headers = CassoSimulator(
        b"", CassoOptions.model_validate({"static_token": "R5G4cbnN7uSAwfTd"})
    ).request(FACTS, NOW)
    assert [by_token().translate(one) for one in parts(RawNotice(method, body, headers))] == [FACTS]
    with pytest.raises(InvalidInputError, match="sends nothing of a payment that is failed"):
        CassoSimulator(SECRET, CassoOptions()).request(FACTS._replace(state=PaymentState.FAILED), NOW)
