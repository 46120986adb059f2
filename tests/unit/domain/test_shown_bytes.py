"""What others sent is shown, does nothing where it is shown, and gives no payer's ID away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.domain.shown_bytes import DEEPEST_INDENT, INDENT, LONGEST_TEXT, legible, readable


def test_a_body_is_shown_as_it_is_where_it_prints() -> None:
    assert readable("Lệ phí".encode()) == "Lệ phí"


def test_json_is_indented_and_every_token_stands_as_it_came() -> None:
    assert legible(b'{"a":1.10,"a":"\\u1ed9","b":[],"c":[1,{"d":"x, {y}"}]}') == (
        '{\n  "a": 1.10,\n  "a": "ộ",\n  "b": [],\n  "c": [\n    1,\n    {\n      "d": "x, {y}"\n    }\n  ]\n}'
    )


def test_a_string_cannot_pass_for_another_field() -> None:
    assert legible(b'{"a":"1\\n  \\"b\\": 2"}').count("\n") == 2
    assert legible(b"a=1%0Ab+%3D+2").count("\n") == 0


def test_what_is_nested_deep_stands_no_further_to_the_right() -> None:
    shown = legible(b"[" * 500 + b"]" * 500)
    assert max(len(line) for line in shown.split("\n")) <= len(INDENT) * DEEPEST_INDENT + len("[]")


def test_a_form_is_shown_field_by_field() -> None:
    assert legible(b"vnp_Amount=100&vnp_OrderInfo=Le+phi%0A%1b") == "vnp_Amount = 100\nvnp_OrderInfo = Le phi\\n\\x1b"


def test_ids_are_masked_wherever_they_stand() -> None:
    shown = legible(b'{"payer":{"SoCMNDNguoiNop":"030201004567","id_card":12345678}}')
    assert "030201004567" not in shown
    assert "12345678" not in shown
    assert legible(b"vnp_Amount=100&SoCCCD=030201004567") == "vnp_Amount = 100\nSoCCCD = •••••••••567"


def test_a_short_id_is_hidden_whole() -> None:
    assert legible(b"cccd=12345") == "cccd = •••••"


def test_a_reference_is_no_id() -> None:
    assert "GRACE0001" in legible(b'{"reference":"GRACE0001","orderId":"123456789012"}')
    assert "123456789012" in legible(b'{"orderId":"123456789012"}')


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_whatever_comes_is_written_with_signs_that_can_be_seen(body: bytes) -> None:
    shown = legible(body)
    assert all(line.isprintable() for line in shown.split("\n"))
    assert len(shown) <= LONGEST_TEXT + 2


@pytest.mark.parametrize(
    "body", [b"", b"\x00\xff", b"[" * 70_000, b'{"a": "\\', b"<a b='c'>", b"]]]]", "\u202e{".encode()]
)
def test_what_is_broken_is_shown_without_what_does_not_print(body: bytes) -> None:
    assert all(line.isprintable() for line in legible(body).split("\n"))
    assert readable(body).isprintable()
