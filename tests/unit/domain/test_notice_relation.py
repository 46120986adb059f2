"""What a later notice is to the first one of its identity."""

import pytest

from paygate.domain.notice import QUERY, STATEMENT, Relation, Told, relation, twin_key


def told(method: str, words: bytes, amount: int = 50_000) -> Told:
    return Told(method, words, amount, "VND")


@pytest.mark.parametrize(
    ("first", "later", "expected"),
    [
        (told("POST", b"a"), told("POST", b"a"), Relation.REPEATS),
        (told("POST", b"a"), told("POST", b"b"), Relation.CONTRADICTS),
        (told("POST", b"a"), told(QUERY, b"b"), Relation.REPEATS),
        (told("POST", b"a"), told(STATEMENT, b"b"), Relation.REPEATS),
        (told(QUERY, b"a"), told(STATEMENT, b"b"), Relation.REPEATS),
        (told(STATEMENT, b"a"), told(QUERY, b"b"), Relation.REPEATS),
        (told(STATEMENT, b"a"), told("POST", b"b"), Relation.AGREES),
        (told(STATEMENT, b"a"), told("POST", b"b", 1), Relation.CONTRADICTS),
        (told("POST", b"a"), told(STATEMENT, b"b", 1), Relation.CONTRADICTS),
    ],
)
def test_what_we_word_ourselves_is_compared_by_its_money(first: Told, later: Told, expected: Relation) -> None:
    assert relation(first, later) is expected


@pytest.mark.parametrize("method", [QUERY, STATEMENT])
def test_contradictions_of_one_sum_are_one_however_they_are_worded(method: str) -> None:
    assert twin_key(b"key", told(method, b"a")) == twin_key(b"key", told(method, b"b"))
    assert twin_key(b"key", told(method, b"a")) != twin_key(b"key", told(method, b"a", 1))
    assert twin_key(b"key", told("POST", b"a")) != twin_key(b"key", told("POST", b"b"))
