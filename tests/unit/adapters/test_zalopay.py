import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.zalopay import Zalopay, ZalopayOptions
from adapters.zalopay.signature import sign
from adapters.zalopay.simulator import ZalopaySimulator
from paygate.domain.errors import InvalidInputError, NotAuthenticError, UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import MAX_AMOUNT
from paygate.domain.notice import NoticeFacts, RawNotice

KEY2 = b"kLtgPl8HHhfvMuDHPwKfgfsY4Ydm9eIz"
"""Of the published sandbox application 2553."""
NOW = datetime(2024, 5, 8, 7, 8, tzinfo=UTC)
ORDER: Mapping[str, Any] = {
    "app_id": 2553,
    "app_trans_id": "240508_0000012H232405080001",
    "app_time": 1715151000000,
    "app_user": "motcua",
    "amount": 150000,
    "embed_data": '{"dossier":"000.00.12.H23-240508-0001"}',
    "item": '[{"itemname":"Lệ phí","itemprice":150000}]',
    "zp_trans_id": 240508000000389,
    "server_time": 1715152032000,
    "channel": 38,
    "merchant_user_id": "7ZMSl3nEg5sOUJzOLSoUFT8xKNQVaLOLXHB--8Eytqc",
    "user_fee_amount": 0,
    "discount_amount": 0,
}
FACTS = NoticeFacts(
    reference="240508_0000012H232405080001",
    transaction_id="240508000000389",
    state=PaymentState.PAID,
    outcome=Outcome.PAID,
    amount=150_000,
    currency="VND",
    occurred_at=datetime(2024, 5, 8, 7, 7, 12, tzinfo=UTC),
    dossier_code="000.00.12.H23-240508-0001",
)
PUBLISHED = {
    "data": (
        r'{"app_id":2553,"app_trans_id":"200904_2553_1598435687208","app_time":1599189392817,"app_user":"demo",'
        r'"amount":10000,"embed_data":"{\"merchantinfo\":\"embeddata123\",\"promotioninfo\":\"\"}",'
        r'"item":"[{\"itemid\":\"knb\",\"itemname\":\"kim nguyen bao\",\"itemprice\":198400,\"itemquantity\":1}]",'
        r'"zp_trans_id":200904000000389,"server_time":1599189413498,"channel":38,'
        r'"merchant_user_id":"7ZMSl3nEg5sOUJzOLSoUFT8xKNQVaLOLXHB--8Eytqc","user_fee_amount":0,"discount_amount":0}'
    ),
    "mac": "d8d33baf449b31d7f9b94fa50d7c942c08cd4d83f28fa185557da21acb104f67",
    "type": 1,
}
"""The example of ZaloPay's own documentation."""


def adapter() -> Zalopay:
    return Zalopay([KEY2], ZalopayOptions(app_id=2553))


def signed(data: str, **beside: Any) -> RawNotice:
    return unsigned({"data": data, "mac": sign(data, KEY2), "type": 1, **beside})


def notice(**changed: Any) -> RawNotice:
    return signed(json.dumps({**ORDER, **changed}, ensure_ascii=False))


def unsigned(message: object) -> RawNotice:
    return RawNotice("POST", json.dumps(message).encode())


def facts(raw: RawNotice) -> NoticeFacts:
    return adapter().translate(adapter().verify(raw, NOW).payload)


def test_the_published_callback_is_authentic_and_paid() -> None:
    said = facts(unsigned(PUBLISHED))
    assert (said.reference, said.transaction_id) == ("200904_2553_1598435687208", "200904000000389")
    assert (said.state, said.amount) == (PaymentState.PAID, 10_000)
    assert said.occurred_at == datetime(2020, 9, 4, 3, 16, 53, 498_000, tzinfo=UTC)


def test_a_callback_says_what_was_paid_for_which_dossier() -> None:
    assert facts(notice()) == FACTS


def test_the_dossier_may_stand_in_the_items_and_two_of_them_are_none() -> None:
    item = '[{"itemname":"Hồ sơ 000.00.12.H23-240508-0001"}]'
    assert facts(notice(embed_data="{}", item=item)) == FACTS
    assert facts(notice(item='["000.00.12.H23-240508-0002"]')).dossier_code is None


def test_a_callback_without_what_the_agency_gave_along_is_understood() -> None:
    order = {name: value for name, value in ORDER.items() if name not in {"embed_data", "item"}}
    assert facts(signed(json.dumps(order))) == FACTS._replace(dossier_code=None)


def test_numbers_written_as_text_say_the_same() -> None:
    said = facts(notice(app_id="2553", amount="150000", zp_trans_id="240508000000389", server_time="1715152032000"))
    assert said == FACTS


def test_an_amount_beyond_32_bits_is_kept_whole() -> None:
    assert facts(notice(amount=MAX_AMOUNT)).amount == MAX_AMOUNT


def test_the_type_outside_the_signature_is_not_believed() -> None:
    assert facts(signed(json.dumps(ORDER), type=2)) == FACTS
    assert facts(signed(json.dumps(ORDER), type=None, return_code=-1)) == FACTS


def test_data_is_signed_as_it_stands_and_not_as_it_could_be_written() -> None:
    spaced, tight = json.dumps(ORDER), json.dumps(ORDER, separators=(",", ":"))
    assert facts(signed(spaced)) == facts(signed(tight)) == FACTS
    with pytest.raises(NotAuthenticError):
        adapter().verify(unsigned({"data": spaced, "mac": sign(tight, KEY2), "type": 1}), NOW)


def test_a_mac_is_lower_case_hexadecimal() -> None:
    with pytest.raises(NotAuthenticError):
        adapter().verify(unsigned({**PUBLISHED, "mac": str(PUBLISHED["mac"]).upper()}), NOW)


def test_a_callback_for_another_application_under_the_same_key_is_refused() -> None:
    with pytest.raises(NotAuthenticError, match="another application"):
        adapter().verify(notice(app_id=2554), NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"x"',
        b"{}",
        json.dumps({"mac": PUBLISHED["mac"]}).encode(),
        json.dumps({"data": PUBLISHED["data"]}).encode(),
        json.dumps(PUBLISHED | {"data": json.loads(str(PUBLISHED["data"]))}).encode(),
        json.dumps(PUBLISHED | {"mac": None}).encode(),
        json.dumps(PUBLISHED).encode()[:-1],
        json.dumps(PUBLISHED).replace('"mac"', '"data": "{}", "mac"').encode(),
        json.dumps(PUBLISHED | {"type": float("nan")}).encode(),
        json.dumps(PUBLISHED | {"data": "\0"}).encode(),
        json.dumps(PUBLISHED | {"data": "\ud800"}).encode(),
        b"\xff",
    ],
    ids=range(14),
)
def test_a_body_that_has_no_one_meaning_is_not_authenticated_and_cannot_be_read(body: bytes) -> None:
    with pytest.raises(NotAuthenticError):
        adapter().verify(RawNotice("POST", body), NOW)
    with pytest.raises(UnreadableNoticeError):
        adapter().read(RawNotice("POST", body))


@pytest.mark.parametrize(
    "data",
    [
        "",
        "x",
        "[]",
        "null",
        json.dumps(ORDER).replace('"amount"', '"amount": 1, "amount"'),
        json.dumps(ORDER).replace("150000", "NaN", 1),
        json.dumps(ORDER).replace("150000", "9223372036854775808", 1),
        json.dumps(ORDER).replace("motcua", "\\u0000"),
        "[" * 300 + "]" * 300,
    ],
    ids=range(9),
)
def test_authentic_data_nobody_can_read_is_kept_and_acknowledged(data: str) -> None:
    raw = signed(data)
    payload = adapter().verify(raw, NOW).payload
    with pytest.raises(UnreadableNoticeError, match=r"^data is "):
        adapter().translate(payload)
    assert adapter().read(raw) == payload
    assert adapter().acknowledge(payload, repeated=False).status == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", -1),
        ("amount", 150000.0),
        ("amount", 1.5),
        ("amount", True),
        ("amount", None),
        ("amount", ""),
        ("amount", "9223372036854775808"),
        ("app_trans_id", ""),
        ("app_trans_id", "x" * 256),
        ("app_trans_id", "a\nb"),
        ("app_trans_id", ["x"]),
        ("zp_trans_id", ""),
        ("zp_trans_id", -1),
        ("zp_trans_id", "T1"),
        ("server_time", 0),
        ("server_time", "2024-05-08 14:07:12"),
        ("embed_data", {"dossier": "x"}),
        ("item", []),
    ],
)
def test_an_authentic_field_in_another_format_is_unreadable(field: str, value: object) -> None:
    payload = adapter().verify(notice(**{field: value}), NOW).payload
    with pytest.raises(UnreadableNoticeError, match=field):
        adapter().translate(payload)


@pytest.mark.parametrize("field", ["app_id", "amount", "app_trans_id", "zp_trans_id", "server_time"])
def test_a_missing_field_is_unreadable(field: str) -> None:
    order = {name: value for name, value in ORDER.items() if name != field}
    with pytest.raises(UnreadableNoticeError, match=f"{field} is missing"):
        facts(signed(json.dumps(order)))


def test_it_answers_in_return_codes() -> None:
    payload = adapter().read(notice())
    replies = [adapter().acknowledge(payload, repeated=repeated) for repeated in (False, True)]
    assert [json.loads(reply.body)["return_code"] for reply in [*replies, adapter().refuse()]] == [1, 2, -1]
    assert [reply.status for reply in [*replies, adapter().refuse()]] == [200, 200, 401]


def test_the_simulator_keeps_silent_where_the_real_one_does() -> None:
    simulator = ZalopaySimulator(KEY2, ZalopayOptions(app_id=2553))
    with pytest.raises(InvalidInputError, match="sends nothing of a payment that is failed"):
        simulator.request(FACTS._replace(state=PaymentState.FAILED, outcome=Outcome.DECLINED), NOW)


def test_key1_is_never_shown() -> None:
    options = ZalopayOptions.model_validate({"app_id": 2553, "key1": "PcY4iZIKFCIdgZvA6ueMcMHHUbRLYjPL"})
    assert "PcY4" not in repr(options)
