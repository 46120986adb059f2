"""A notice as the inbox stores it."""

from paygate.domain.notice import NoticeFacts, ReceivedNotice


def test_its_translation_has_the_fields_of_the_facts_in_their_order() -> None:
    names = ["said_state" if name == "state" else name for name in NoticeFacts._fields]
    assert list(ReceivedNotice._fields[-len(names) :]) == names
