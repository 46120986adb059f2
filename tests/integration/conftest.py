"""Who is at work at the desk of the told province."""

from collections.abc import AsyncIterator

import pytest

from paygate.access import Role
from tests.desk import Visitor
from tests.desk_cases import signed_in
from tests.province import a_province
from tests.served import Served


@pytest.fixture
async def province(province_url: str) -> AsyncIterator[Served]:
    async with a_province(province_url) as served:
        yield served


@pytest.fixture
async def visitor(province: Served) -> AsyncIterator[Visitor]:
    """An officer, who may propose."""
    async with Visitor(province) as visitor:
        await signed_in(visitor, Role.OFFICER)
        yield visitor


@pytest.fixture
async def maker(province: Served) -> AsyncIterator[Visitor]:
    """Someone who may propose and approve, though not the same."""
    async with Visitor(province) as visitor:
        await signed_in(visitor, Role.OFFICER, Role.APPROVER, name="maker")
        yield visitor


@pytest.fixture
async def checker(province: Served) -> AsyncIterator[Visitor]:
    """Someone who may approve."""
    async with Visitor(province) as visitor:
        await signed_in(visitor, Role.APPROVER, name="checker")
        yield visitor
