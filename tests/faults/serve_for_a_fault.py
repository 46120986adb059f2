"""A service in a process of its own, to be killed: `python serve_for_a_fault.py DATABASE_URL [early]`.

With `early` it is the negative control: a service that acknowledges before it has committed, and by long enough that
a kill under load always falls in between. Were the gap as short as it happens to be, the kill would have to be lucky.
"""

import asyncio
import sys

from paygate.app import run_service
from paygate.domain.notice import ReceivedNotice, Stored
from paygate.inbox import GroupCommitInbox
from paygate.telemetry import configure_logging
from tests.served import settings_for

put_durably = GroupCommitInbox.put

EARLY_SECONDS = 0.05


def put_and_say_so_at_once(inbox: GroupCommitInbox, notice: ReceivedNotice, answer: asyncio.Future[Stored]) -> None:
    later: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()
    later.add_done_callback(asyncio.Future.exception)
    asyncio.get_running_loop().call_later(EARLY_SECONDS, put_durably, inbox, notice, later)
    answer.set_result(Stored.NEW)


def say(url: str) -> None:
    sys.stdout.write(url + "\n")
    sys.stdout.flush()


def main(database_url: str, *how: str) -> None:
    configure_logging("error")
    if how:
        GroupCommitInbox.put = put_and_say_so_at_once  # type: ignore[method-assign]
    run_service(settings_for(database_url), host="127.0.0.1", port=0, role="all", ready=say)


if __name__ == "__main__":
    main(*sys.argv[1:])
