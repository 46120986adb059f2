"""Notices that wait or failed are listed, shown and put to work again."""

from typing import Any

import pytest

from paygate import audit
from paygate.database import Database
from paygate.domain.errors import NotFoundError, UnreadableNoticeError
from paygate.domain.lifecycle import NoticeState, PaymentState
from paygate.domain.notice import NoticeFacts, Part, RawNotice, Several, dedupe_key, payload_told
from paygate.ledger import apply_batch
from paygate.notice_lists import replays_of
from paygate.notices import (
    ReplayCounts,
    Selection,
    count_notices,
    list_notices,
    replay,
    show_notice,
)
from paygate.replays import Fate, Replays
from tests.ledger_facts import (
    Place,
    a_failure,
    a_notice,
    a_place,
    a_worker,
    notice_states,
    payments,
    put_notice,
    quarantine,
)


def understands(facts: dict[bytes, NoticeFacts]) -> Any:
    """Return a translation that understands certain bodies and no others."""

    def translate(_source_id: int, raw: RawNotice, _body_hash: bytes) -> NoticeFacts:
        if raw.body not in facts:
            raise UnreadableNoticeError("still unreadable")
        return facts[raw.body]

    return translate


async def placed(database: Database, code: str = "haiduong") -> Place:
    async with database.transaction() as connection:
        return await a_place(connection, code)


async def replayed(
    database: Database, place: Place, facts: dict[bytes, NoticeFacts], selection: Selection | None = None
) -> ReplayCounts:
    async with database.transaction() as connection:
        return await replay(
            connection,
            place.tenant_id,
            selection or Selection(),
            "nga",
            translate=understands(facts),
            append_audit=audit.append,
        )


async def states(database: Database, place: Place) -> list[NoticeState]:
    async with database.connection() as connection:
        return list((await notice_states(connection, place)).values())


async def test_a_dead_letter_is_put_to_work_again_with_its_attempts_forgotten(database: Database) -> None:
    place = await placed(database)
    async with database.transaction() as connection:
        await put_notice(connection, place, a_failure(), state=NoticeState.DEAD, attempts=13, reason="exhausted")
    assert await replayed(database, place, {}) == ReplayCounts(selected=1, due=1, applied=0, untranslatable=0)
    await a_worker(database).drain(place.tenant_id)
    assert await states(database, place) == [NoticeState.APPLIED]


async def test_a_quarantined_notice_that_is_understood_now_is_applied(database: Database) -> None:
    place = await placed(database)
    async with database.transaction() as connection:
        await quarantine(connection, place, b"strange")
    await replayed(database, place, {b"strange": a_failure()})
    await a_worker(database).drain(place.tenant_id)
    async with database.connection() as connection:
        assert [one["state"] for one in await payments(connection, place)] == ["failed"]
        assert await connection.fetchval("SELECT dedupe_key FROM notice") == dedupe_key(a_failure())


async def test_what_is_still_unreadable_stays_quarantined_with_the_new_reason(database: Database) -> None:
    place = await placed(database)
    async with database.transaction() as connection:
        await quarantine(connection, place, b"strange")
    assert (await replayed(database, place, {})).untranslatable == 1
    async with database.connection() as connection:
        row = await connection.fetchrow("SELECT state, reason FROM notice")
    assert row is not None
    assert tuple(row) == ("quarantined", "still unreadable")


async def test_a_translation_that_breaks_does_not_hold_up_the_others(database: Database) -> None:
    def translate(_source_id: int, raw: RawNotice, _body_hash: bytes) -> NoticeFacts:
        if raw.body == b"broken":
            raise KeyError("secret of the payer")
        return a_failure()

    place = await placed(database)
    async with database.transaction() as connection:
        await quarantine(connection, place, b"broken")
        await quarantine(connection, place, b"good")
        counts = await replay(
            connection, place.tenant_id, Selection(), "nga", translate=translate, append_audit=audit.append
        )
    assert (counts.due, counts.untranslatable) == (1, 1)
    assert await states(database, place) == [NoticeState.QUARANTINED, NoticeState.RETRYING]


async def test_each_part_of_a_body_is_translated_again_by_its_own_words(database: Database) -> None:
    def translate(_source_id: int, _raw: RawNotice, body_hash: bytes) -> NoticeFacts:
        parts = tuple(Part(word, a_failure(reference=word.decode())) for word in (b"one", b"two", b"three"))
        told = payload_told(Several(parts), body_hash)
        assert isinstance(told, NoticeFacts)
        return told

    place = await placed(database)
    async with database.transaction() as connection:
        for word in (b"two", b"one", b"the whole"):
            number = await quarantine(connection, place, word)
            await connection.execute("UPDATE notice SET body = 'the whole' WHERE notice_id = $1", number)
        counts = await replay(
            connection, place.tenant_id, Selection(), "nga", translate=translate, append_audit=audit.append
        )
        told = await connection.fetch("SELECT state, reference, reason FROM notice ORDER BY notice_id")
    assert (counts.due, counts.untranslatable) == (2, 1)
    assert [(row["state"], row["reference"]) for row in told] == [
        ("retrying", "two"),
        ("retrying", "one"),
        ("quarantined", None),
    ]
    assert told[2]["reason"] == "it tells of several payments and was stored as one: have its source send it again"


async def test_the_same_bytes_understood_since_are_a_repeat_and_not_applied_twice(database: Database) -> None:
    place = await placed(database)
    async with database.transaction() as connection:
        await quarantine(connection, place, b"same")
        await put_notice(connection, place, a_failure(), body=b"same")
    assert await replayed(database, place, {b"same": a_failure()}) == ReplayCounts(1, 0, 1, 0)
    await a_worker(database).drain(place.tenant_id)
    assert await states(database, place) == [NoticeState.APPLIED, NoticeState.APPLIED]
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM payment_event") == 1


async def test_other_bytes_of_the_same_identity_are_kept_beside_as_a_conflict(database: Database) -> None:
    place = await placed(database)
    async with database.transaction() as connection:
        await put_notice(connection, place, a_failure())
        await quarantine(connection, place, b"other")
        await quarantine(connection, place, b"third")
    facts = {b"other": a_failure(amount=1), b"third": a_failure(amount=2)}
    assert (await replayed(database, place, facts)).due == 2
    await a_worker(database).drain(place.tenant_id)
    async with database.connection() as connection:
        (payment,) = await payments(connection, place)
        assert payment["conflicting"]
        assert await connection.fetchval("SELECT count(*) FROM notice WHERE conflicting") == 2


async def test_a_preview_counts_and_changes_nothing(database: Database) -> None:
    place = await placed(database)
    facts = {b"strange": a_failure(reference="R-1"), b"same": a_failure(reference="R-2")}
    async with database.transaction() as connection:
        await put_notice(connection, place, a_notice(), state=NoticeState.PARKED, waits_for=["REF1"])
        await quarantine(connection, place, b"strange")
        await quarantine(connection, place, b"unreadable")
        await quarantine(connection, place, b"same")
        done = await put_notice(connection, place, a_failure(reference="R-2"), body=b"same", state=NoticeState.APPLIED)
        before = await connection.fetch("SELECT * FROM notice ORDER BY notice_id")
        preview = await Replays(understands(facts), apply_batch).preview(connection, place.tenant_id, Selection())
        assert await connection.fetch("SELECT * FROM notice ORDER BY notice_id") == before
        single = await Replays(understands(facts), apply_batch).preview(connection, place.tenant_id, Selection((done,)))
    assert list(preview.fates.values()) == [Fate.WAITS, Fate.APPLIES, Fate.UNREADABLE, Fate.KNOWN]
    assert (preview.amounts, preview.reasons) == ({"VND": 50_000}, {"still unreadable": 1})
    assert (dict(single.fates), single.settled) == ({}, 1)
    assert await replayed(database, place, facts) == ReplayCounts(selected=4, due=2, applied=1, untranslatable=1)


async def test_a_notice_that_would_fail_is_named_and_fails_alone(database: Database) -> None:
    place = await placed(database)
    async with database.transaction() as connection:
        numbers = [
            await put_notice(connection, place, a_failure(reference=f"R-{n}"), state=NoticeState.DEAD) for n in range(3)
        ]
        await connection.execute("UPDATE notice SET outcome = NULL WHERE notice_id = $1", numbers[1])
        preview = await Replays(understands({}), apply_batch).preview(connection, place.tenant_id, Selection())
        assert await connection.fetchval("SELECT count(*) FROM payment") == 0
    assert list(preview.fates.values()) == [Fate.APPLIES, Fate.FAILS, Fate.APPLIES]
    assert preview.acted_on == [numbers[0], numbers[2]]


async def test_who_put_a_notice_to_work_again_is_kept_with_what_had_been_the_matter(database: Database) -> None:
    place = await placed(database)
    async with database.transaction() as connection:
        number = await put_notice(connection, place, a_failure(), state=NoticeState.DEAD, reason="exhausted")
    await replayed(database, place, {})
    async with database.connection() as connection:
        (one,) = await replays_of(connection, place.tenant_id, number)
    assert (one["state"], one["reason"], one["person"]) == ("dead", "exhausted", "nga")


async def test_a_replay_is_written_down_with_who_did_it(database: Database) -> None:
    place = await placed(database)
    async with database.transaction() as connection:
        number = await put_notice(connection, place, a_failure(), state=NoticeState.DEAD)
    await replayed(database, place, {})
    async with database.connection() as connection:
        row = await connection.fetchrow("SELECT actor, act, detail->'notices' AS notices FROM audit_entry")
        assert (await audit.verify(connection, place.tenant_id)).broken is None
    assert row is not None
    assert tuple(row) == ("nga", "notices_replayed", f"[{number}]")


async def test_another_tenants_notices_do_not_exist(database: Database) -> None:
    place, other = await placed(database), await placed(database, "other")
    async with database.transaction() as connection:
        number = await put_notice(connection, place, a_failure(), state=NoticeState.DEAD)
    assert (await replayed(database, other, {}, Selection((number,)))).selected == 0
    async with database.connection() as connection:
        assert await list_notices(connection, other.tenant_id, NoticeState.DEAD) == []
        with pytest.raises(NotFoundError):
            await show_notice(connection, other.tenant_id, number)


async def test_notices_are_listed_by_page_and_counted_by_reason(database: Database) -> None:
    place = await placed(database)
    async with database.transaction() as connection:
        numbers = [
            await put_notice(connection, place, a_failure(reference=f"R-{n}"), state=NoticeState.DEAD, reason="gone")
            for n in range(3)
        ]
        page = await list_notices(connection, place.tenant_id, NoticeState.DEAD, limit=2)
        rest = await list_notices(connection, place.tenant_id, NoticeState.DEAD, after=page[-1]["notice_id"])
        (count,) = await count_notices(connection, place.tenant_id)
    assert [one["notice_id"] for one in page + rest] == numbers
    assert (count["state"], count["reason"], count["count"]) == ("dead", "gone", 3)


async def test_a_notice_is_shown_with_its_body_as_safe_text(database: Database) -> None:
    place = await placed(database)
    async with database.transaction() as connection:
        number = await put_notice(connection, place, a_notice(), body=b"a\x1b[2Jb\xff")
        shown = await show_notice(connection, place.tenant_id, number)
    assert shown["body"] == "a\\x1b[2Jb\\xff"
    assert shown["said_state"] == PaymentState.PAID
