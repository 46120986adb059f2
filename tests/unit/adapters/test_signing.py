from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from adapters.signing import MAX_SIGNATURES, refuse_stale, signing_key
from paygate.domain.errors import NotAuthenticError

NOW = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)


def test_the_key_is_the_first_live_secret_that_signed() -> None:
    assert signing_key([b"x", b"y", b"y"], [b"a", b"y"]) == 1


def test_every_live_secret_is_tried_even_after_one_was_right() -> None:
    tried = []

    def computed() -> Iterator[bytes]:
        for own in (b"right", b"other", b"another"):
            tried.append(own)
            yield own

    assert signing_key(computed(), [b"right"]) == 0
    assert tried == [b"right", b"other", b"another"]


@pytest.mark.parametrize("presented", [[], [b""], [b"wrong"], [b"righ"], [b"rightt"], ["đúng".encode()]])
def test_a_signature_that_no_secret_made_is_refused(presented: list[bytes]) -> None:
    with pytest.raises(NotAuthenticError):
        signing_key([b"right"], presented)


def test_a_flood_of_signatures_is_refused_though_one_be_right() -> None:
    assert signing_key([b"right"], [b"wrong"] * (MAX_SIGNATURES - 1) + [b"right"]) == 0
    with pytest.raises(NotAuthenticError, match="more than"):
        signing_key([b"right"], [b"wrong"] * MAX_SIGNATURES + [b"right"])


@pytest.mark.parametrize("seconds", [-300, -1, 0, 299, 300])
def test_three_hundred_seconds_to_either_side_pass(seconds: int) -> None:
    refuse_stale(int(NOW.timestamp()) + seconds, NOW)


@pytest.mark.parametrize("seconds", [-301, 301, -(10**9), 10**11])
def test_one_second_more_does_not(seconds: int) -> None:
    with pytest.raises(NotAuthenticError, match="300 s"):
        refuse_stale(int(NOW.timestamp()) + seconds, NOW)


def test_the_edge_is_counted_in_whole_seconds_as_the_sender_counts() -> None:
    late = NOW + timedelta(seconds=300, microseconds=999_999)
    refuse_stale(int(NOW.timestamp()), late)
    with pytest.raises(NotAuthenticError):
        refuse_stale(int(NOW.timestamp()), late + timedelta(microseconds=1))
