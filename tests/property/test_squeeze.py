"""The database and the program agree on what a bank leaves of a code: squeeze() in SQL, reference_key() in Python.

Python and PostgreSQL carry different versions of Unicode. That cannot matter here: a decomposition, once published,
never changes, and since Unicode 4.1 no new character decomposes into a letter or digit that is kept.
"""

import asyncio
import sys
import unicodedata
from collections.abc import Callable, Iterator

import asyncpg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paygate.domain.text import reference_key

NOT_WRITTEN = {"Cn", "Co", "Cs"}
"""Categories of what no one writes: unassigned, private, surrogate."""

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
vietnamese = st.text(
    "aàáâãăạảấặệđĐơợưứỳỹỵEIOUYxyz0189 .-/_\u0300\u0301\u0302\u0303\u0306\u0309\u031b\u0323", max_size=60
)
"""Composed and decomposed, as payers and banks write."""

Squeeze = Callable[[list[str]], list[str]]


@pytest.fixture
def squeeze(database_url: str) -> Iterator[Squeeze]:
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(database_url))

        def call(values: list[str]) -> list[str]:
            query = "SELECT squeeze(value) FROM unnest($1::text[]) WITH ORDINALITY AS given (value, n) ORDER BY n"
            return [row[0] for row in runner.run(connection.fetch(query, values))]

        yield call
        runner.run(connection.close())


def test_the_database_squeezes_every_character_as_the_program_does(squeeze: Squeeze) -> None:
    points = map(chr, range(1, sys.maxunicode + 1))
    characters = [character for character in points if unicodedata.category(character) not in NOT_WRITTEN]
    differing = [
        hex(ord(character))
        for character, key in zip(characters, squeeze(characters), strict=True)
        if key != reference_key(character)
    ]
    assert not differing


def test_the_database_squeezes_any_text_as_the_program_does(squeeze: Squeeze) -> None:
    @given(st.lists(texts | vietnamese, min_size=1, max_size=20))
    @example(["000.00.12.H23-240508-0001", "Nguyễn Đức Ánh", "a\n", "", "A\u0301", "ﬁ", "１２", "²", "İ", "ı", "ß"])
    def holds(values: list[str]) -> None:
        assert squeeze(values) == [reference_key(value) for value in values]

    holds()


@given(texts | vietnamese)
def test_squeezing_twice_changes_nothing(text: str) -> None:
    assert reference_key(reference_key(text)) == reference_key(text)
