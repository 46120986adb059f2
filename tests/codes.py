"""People whose authenticator app is set up, at a desk that has a secret."""

import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pyotp

from tests.desk import Visitor
from tests.served import Served, a_service

DESK_SECRET: Final = {"secret": "env:PAYGATE_TEST_DESK_SECRET"}
"""How a desk is configured that has a secret to keep those of the apps under."""
os.environ["PAYGATE_TEST_DESK_SECRET"] = "a secret of the desk for tests"


@asynccontextmanager
async def a_desk_with_codes(database_url: str, **desk: Any) -> AsyncIterator[Served]:
    """Serve a desk that people sign in to with codes."""
    async with a_service(database_url, desk={**DESK_SECRET, **desk}) as one:
        yield one


async def signed_in(visitor: Visitor) -> bool:
    await visitor.get("/account")
    return visitor.url == "/account"


def secret_of(page: str) -> str:
    found = re.search(r'<code id="key">([A-Z2-7 ]+)</code>', page)
    assert found
    return found[1].replace(" ", "")


async def enrol(visitor: Visitor) -> pyotp.TOTP:
    """Set up an authenticator app, with the code of the step before this one, so that this one's is left to use."""
    _, page = await visitor.get("/account/totp")
    app = pyotp.TOTP(secret_of(page))
    offer = re.search(r'name="offer" value="([^"]+)"', page)
    assert offer
    status, text = await visitor.post("/account/totp", {"offer": offer[1], "code": app.at(time.time() - 30)})
    assert (status, visitor.url) == (200, "/account"), text
    return app
