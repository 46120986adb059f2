"""The sources' side of the wire: what is signed verifies, what was changed does not."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from adapters.registry import build
from paygate.demo.expected import inbox_of, replies_of
from paygate.demo.scene import COUNTER, GATEWAY, PORTAL, PROVINCE_GATEWAY
from paygate.demo.sources import SOURCES
from paygate.demo.stories import Plan, plant
from paygate.demo.traffic import sign_all
from paygate.domain.adapter import Adapter
from paygate.domain.errors import NotAuthenticError, UnreadableNoticeError
from paygate.domain.notice import RawNotice
from paygate.parcels import Parcel

NOW = datetime(2024, 5, 8, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plant(2024, 0.05)


@pytest.fixture(scope="module")
def parcels(plan: Plan) -> list[Parcel]:
    simulators = {code: source.simulator() for code, source in SOURCES.items()}
    return sign_all(plan, simulators, NOW)


@pytest.fixture(scope="module")
def adapters() -> dict[str, Adapter]:
    return {code: build(source.adapter, [source.secret], source.options) for code, source in SOURCES.items()}


def _answer(adapter: Adapter, parcel: Parcel) -> int:
    raw = RawNotice(parcel.method, parcel.body or parcel.query.encode(), parcel.headers)
    try:
        adapter.translate(adapter.verify(raw, NOW).payload)
    except NotAuthenticError:
        return 401
    except UnreadableNoticeError:
        return 422
    return 200


def test_the_adapters_believe_exactly_what_was_not_tampered_with(
    plan: Plan, parcels: list[Parcel], adapters: dict[str, Adapter]
) -> None:
    answers = Counter(_answer(adapters[parcel.source], parcel) for parcel in parcels)
    planted = replies_of(plan)
    assert answers[401] == planted[401] > 0
    assert answers[200] + answers[422] == planted[200]


def test_a_malformed_notice_is_authentic_and_unreadable(
    plan: Plan, parcels: list[Parcel], adapters: dict[str, Adapter]
) -> None:
    unreadable = {parcel.body for parcel in parcels if _answer(adapters[parcel.source], parcel) == 422}
    assert len(unreadable) == inbox_of(plan).states["quarantined"] > 0


def test_traffic_is_laid_out_by_the_seed_alone(plan: Plan, parcels: list[Parcel]) -> None:
    simulators = {code: source.simulator() for code, source in SOURCES.items()}
    assert sign_all(plan, simulators, NOW) == parcels


def test_notices_of_all_sources_are_mixed(parcels: list[Parcel]) -> None:
    assert {parcel.source for parcel in parcels[:100]} == {PORTAL, GATEWAY, PROVINCE_GATEWAY, COUNTER}
