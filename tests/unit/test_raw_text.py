"""Bodies from outside as text."""

from hypothesis import given
from hypothesis import strategies as st

from paygate.web.desk.raw_text import LONGEST_TEXT, legible, masked


def test_json_is_indented_and_every_token_stands_as_it_came() -> None:
    assert legible(b'{"a":1.10,"a":"\\u1ed9","b":[],"c":[1,{"d":null}]}') == (
        '{\n  "a": 1.10,\n  "a": "ộ",\n  "b": [],\n  "c": [\n    1,\n    {\n      "d": null\n    }\n  ]\n}'
    )


def test_a_string_cannot_pass_for_another_field() -> None:
    assert legible(b'{"a":"1\\n  \\"b\\": 2"}').count("\n") == 2


def test_ids_are_masked_wherever_they_stand() -> None:
    shown = legible(b'{"payer":{"SoCMNDNguoiNop":"030201004567","id_card":12345678}}')
    assert "030201004567" not in shown
    assert "12345678" not in shown
    assert legible(b"vnp_Amount=100&SoCCCD=030201004567") == "vnp_Amount = 100\nSoCCCD = •••••••••567"


def test_a_short_id_is_hidden_whole() -> None:
    assert masked("12345") == "•••••"


def test_a_reference_is_no_id() -> None:
    assert "GRACE0001" in legible(b'{"reference":"GRACE0001","orderId":"123456789012"}')
    assert "123456789012" in legible(b'{"orderId":"123456789012"}')


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_whatever_comes_is_written_with_signs_that_can_be_seen(body: bytes) -> None:
    shown = legible(body)
    assert all(sign.isprintable() or sign == "\n" for sign in shown)
    assert len(shown) <= LONGEST_TEXT + 2
