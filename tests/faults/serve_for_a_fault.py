"""A service in a process of its own, to be killed: `python serve_for_a_fault.py DATABASE_URL [early | desk FOLDER]`.

With `early` it is the negative control: a service that acknowledges before it has committed, and by long enough that
a kill under load always falls in between. Were the gap as short as it happens to be, the kill would have to be lucky.

With `desk` it is that of the told province, which keeps its files in a folder that outlives it, and acts on many things
in small parts.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paygate.app import run_service
from paygate.domain.notice import ReceivedNotice, Stored
from paygate.inbox import GroupCommitInbox
from paygate.telemetry import configure_logging
from paygate.web.desk import bulk
from tests.outside_stories import KEY
from tests.province import CONFIGURED
from tests.served import settings_for

put_durably = GroupCommitInbox.put

EARLY_SECONDS = 0.05
PART = 3
"""Discrepancies that are acted on in one transaction."""


def put_and_say_so_at_once(inbox: GroupCommitInbox, notice: ReceivedNotice, answer: asyncio.Future[Stored]) -> None:
    later: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()
    later.add_done_callback(asyncio.Future.exception)
    asyncio.get_running_loop().call_later(EARLY_SECONDS, put_durably, inbox, notice, later)
    answer.set_result(Stored.NEW)


def say(url: str) -> None:
    sys.stdout.write(url + "\n")
    sys.stdout.flush()


def main(database_url: str, how: str = "", folder: str = "") -> None:
    configure_logging("error")
    changes: Mapping[str, Any] = {}
    if how == "early":
        GroupCommitInbox.put = put_and_say_so_at_once  # type: ignore[method-assign]
    if how == "desk":
        os.environ["PAYGATE_TEST_WEBHOOK"] = KEY
        bulk.AT_ONCE = PART  # type: ignore[misc]
        changes = {**CONFIGURED, "data_dir": Path(folder)}
    run_service(settings_for(database_url, **changes), host="127.0.0.1", port=0, role="all", ready=say)


if __name__ == "__main__":
    main(*sys.argv[1:])
