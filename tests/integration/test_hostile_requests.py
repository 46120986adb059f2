"""What strangers and broken programs send to every page and route: refused in words, and never an error of ours."""

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
from yarl import URL

import paygate.web
from paygate.access import Role
from tests.desk import Visitor, a_person
from tests.desk_cases import number_of, path_of
from tests.province import a_province
from tests.served import Served
from tests.who_may import Line, read_table

PATHS: Final = ("%00", "a%ff", "2147483648", "9" * 19, "9" * 400, "9999-12-31", "%0d%0aX-Evil:%201", "..%2f..%2fetc")
"""What stands in a path in place of a number, a name or a day; quoted already."""
VALUES: Final = (
    "a\0b",
    "9223372036854775808",
    "٣٣",
    "31/12/9999",
    "0001-01-01",
    "1 01/01/0001",
    "a&" * 60,
    "%s %(x)s _%\\ \r\nX-Evil: 1",
    "9223372036854775807_9999-12-31_0001-01-01_2_999999999999999999",
)
"""What stands in a field."""
JSON_VALUES: Final = (r'"a\u0000b"', r'"\ud800"', "9223372036854775808", "1e400", "[" * 2000)
"""What stands in a field of JSON, as it is written."""
NOBODYS: Final = {"kind": "write_off", "period": "2024-05-08", "date": "2024-05-08", "name": "desk.css", "version": "x"}
"""What stands in the other places of a path; elsewhere the number 1."""
ENDING: Final = {"/sign-out", "/sign-in", "/sign-in/code", "/account/password"}
"""Pages after which one is no longer signed in, or that cost a password's time."""
_READ: Final = re.compile(r"""(?:\.text|\.all|\.secret|query\.get|given\.get|said\.get)\("([a-z_-]+)\"""")
_SHOWN: Final = re.compile(r"""name="([a-z_-]+)\"""")


@pytest.fixture
async def served(province_url: str) -> AsyncIterator[Served]:
    async with a_province(province_url) as one:
        yield one


@pytest.fixture
async def visitor(served: Served) -> AsyncIterator[Visitor]:
    """Someone who may do everything."""
    async with Visitor(served) as one:
        assert await one.sign_in(await a_person(served, *Role, name="everybody")) == 200
        await one.get("/account")
        yield one


def fields() -> list[str]:
    """Return every field that a page reads or shows."""
    [room] = map(Path, paygate.web.__path__)
    code = "".join(one.read_text() for one in (*room.rglob("*.py"), *room.rglob("*.html")))
    return sorted({*_READ.findall(code), *_SHOWN.findall(code)} - {"csrf", "once", "tenant"})


def table() -> list[Line]:
    return [one for one in read_table().values() if one.path not in ENDING]


def places(path: str) -> list[str]:
    return [name for name in re.findall(r"\{(\w+)\}", path) if name != "tenant"]


def filled(path: str, **known: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda one: {"tenant": "haiduong", **NOBODYS, **known}.get(one[1], "1"), path)


def hostile_paths(line: Line) -> Iterator[str]:
    """Put each hostile value into each place of a path in turn."""
    for place in places(line.path):
        for hostile in PATHS:
            yield filled(line.path, **{place: hostile}) + ("" if line.page else "?tenant=haiduong")


async def wrong_with(visitor: Visitor, method: str, path: str, **sent: Any) -> list[str]:
    """Send something and tell what is wrong with the answer, if anything is."""
    headers = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": visitor.hidden["csrf"], **sent.pop("headers", {})}
    url = URL(visitor.served.url + path, encoded=True)
    async with visitor.session.request(method, url, headers=headers, allow_redirects=False, **sent) as reply:
        text = await reply.text("utf-8", "replace")
        fine = reply.status < 500 and "Traceback" not in text and "X-Evil" not in reply.headers
    return [] if fine else [f"{method} {path[:100]} {str(sent)[:200]}: {reply.status}"]


def form(visitor: Visitor, count: int, **typed: str) -> dict[str, Any]:
    return {"data": {**typed, "csrf": visitor.hidden["csrf"], "once": f"{count:030}"}}


async def test_no_path_whatever_is_answered_with_an_error_of_ours(visitor: Visitor) -> None:
    wrong, count = [], 0
    for line in table():
        for path in hostile_paths(line):
            count += 1
            sent = form(visitor, count) if line.unsafe and line.page else {"json": {}} if line.unsafe else {}
            wrong += await wrong_with(visitor, line.method, path, **sent)
    assert not wrong
    assert count > 500


async def test_no_query_whatever_is_answered_with_an_error_of_ours(visitor: Visitor) -> None:
    wrong, names = [], fields()
    assert {"q", "after", "before", "list", "from", "run"} <= set(names)
    for line in (one for one in table() if not one.unsafe):
        for hostile in VALUES:
            # As much as the head of a request may hold, with every field in it that is short enough for all of them.
            asked = names if len(hostile) < 50 else ["q", "list", "after", "before"]
            query = "&".join(f"{name}={quote(hostile, safe='')}" for name in asked)
            tenant = "" if line.page else "&tenant=haiduong"
            wrong += await wrong_with(visitor, line.method, f"{filled(line.path)}?{query}{tenant}")
    assert not wrong


async def forms_of(visitor: Visitor) -> Mapping[str, Mapping[str, str]]:
    """Return forms that could be sent as they are, by their address; a question mark parts two of one address."""
    served, desk = visitor.served, "/desk/haiduong"
    over, flag = await number_of(served, "overpaid"), await number_of(served, "flag_not_synced")
    line, differs = await number_of(served, "ambiguous", "line"), await number_of(served, "amount_differs")

    async def case(number: int) -> dict[str, str]:
        version = await served.fetchval("SELECT max(event_id) FROM discrepancy_event WHERE discrepancy_id = $1", number)
        return {"version": str(version), "list": "tab=all", "reason": "x", "step": "check"}

    line_id = await served.fetchval("SELECT line_id FROM discrepancy WHERE discrepancy_id = $1", line)
    looked = {"payment": "1", "line": str(line_id), "amount": "1", "day": "08/05/2024", "reference": ""}
    person = await served.fetchval("SELECT person_id FROM person WHERE name = 'everybody'")
    return {
        path_of(over, "/assign"): {**await case(over), "to": "everybody"},
        path_of(over, "/comment"): {**await case(over), "text": "x"},
        path_of(over, "/propose/refund"): {**await case(over), "amount": "1"},
        path_of(line, "/propose/link"): {**await case(line), **looked},
        path_of(line, "/propose/link?looking"): {**await case(line), **looked, "step": "look", "reference": "x"},
        path_of(line, "/propose/link?by-amount"): {**await case(line), **looked, "step": "look"},
        path_of(flag, "/propose/correct_flag"): {**await case(flag), "flag": "1"},
        path_of(differs, "/propose/split"): {**await case(differs), "match": "1", "step": "send"},
        path_of(over, "/approve"): await case(over),
        path_of(over, "/reject"): {**await case(over), "answer": "x"},
        f"{desk}/discrepancies/views": {"name": "x", "list": "tab=all"},
        f"{desk}/discrepancies/acts": {"act": "assign", "scope": "all", "list": "tab=all", "id": str(over)},
        f"{desk}/notices/replays": {"which": "all", "state": "dead", "source": "x", "reason": "x", "back": "x"},
        f"{desk}/notices/replays?ticked": {"which": "ticked", "notice": "1", "back": f"{desk}/notices?x"},
        f"{desk}/reports/2024-05-08/exports": {"kind": "csv", "sheet": "payments", "run": "1"},
        f"{desk}/close": {"day": "2024-05-08"},
        f"{desk}/people/new": {"name": "moi", "full_name": "x", "role": "officer", "agencies": "H23"},
        f"{desk}/people/{person}/token": {"role": "admin"},
        "/language": {"language": "vi", "next": "/"},
        "/account/totp": {"offer": "x", "code": "1"},
    }


async def test_no_form_whatever_is_answered_with_an_error_of_ours(visitor: Visitor) -> None:
    wrong, count = [], 0
    for path, typed in (await forms_of(visitor)).items():
        for name in typed:
            for hostile in (*VALUES, "a" * 5000):
                count += 1
                sent = form(visitor, count, **{**typed, name: hostile})
                wrong += await wrong_with(visitor, "POST", path, **sent)
    assert not wrong


async def test_no_json_whatever_is_answered_with_an_error_of_ours(visitor: Visitor) -> None:
    number = await number_of(visitor.served, "overpaid")
    case = f"/v1/discrepancies/{number}"
    request = {"tenant": "haiduong", "reference": "R", "dossier_code": "D", "amount": 1, "source": "pay"}
    bodies: Mapping[str, Mapping[str, Any]] = {
        "/v1/payment-requests": request,
        "/v1/reconciliations": {"tenant": "haiduong", "date": "2024-05-08"},
        "/v1/matches/1/undo": {"reason": "x"},
        "/v1/matches/1/rejoin": {"reason": "x"},
        f"{case}/assign": {"version": 1, "to": "everybody"},
        f"{case}/comment": {"version": 1, "text": "x"},
        f"{case}/propose": {"version": 1, "kind": "write_off", "reason": "x", "detail": {}},
        f"{case}/reject": {"version": 1, "reason": "x"},
    }
    wrong = []
    for path, body in bodies.items():
        for name in body:
            for hostile in JSON_VALUES:
                text = json.dumps({**body, name: "HERE"}).replace('"HERE"', hostile)
                sent = {"data": text.encode(), "headers": {"Content-Type": "application/json"}}
                wrong += await wrong_with(visitor, "POST", f"{path}?tenant=haiduong", **sent)
    assert not wrong


def parts(visitor: Visitor) -> Iterator[bytes]:
    """Yield forms with a file that are broken, each in another way."""

    def part(name: str, value: str, more: str = "") -> bytes:
        return f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'.encode()

    good = part("csrf", visitor.hidden["csrf"]) + part("version", "1") + part("once", "o" * 30)
    file, end = b'--x\r\nContent-Disposition: form-data; name="file"; filename', b"\r\n\r\nx\r\n--x--\r\n"
    yield from (good[:-10], good, good + b"--x\r\n", good + part("a\0", "b\0") + end)
    yield good + b"--x\r\n\xff\xff: x" + end
    yield good + b"--x\r\nX: " + b"a" * 20_000 + end
    yield good + b"--x\r\n" + b"X: a\r\n" * 300 + end
    yield good + file + b'="\xff\xfe\0"' + end
    yield good + file + b"*=evil''%ff%fe" + end
    yield good + file + b'="a"\r\nContent-Transfer-Encoding: evil' + end
    yield good + file + b'="a"\r\nContent-Length: 99999' + end
    yield good + b'--x\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\nevil\r\n' + part("list", "x") + end
    yield good + part("list", "a&" * 60) + part("start", "9" * 10) + file + b'="a"' + end


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the library's, of a header that it goes on without
@pytest.mark.parametrize("room", ["evidence", "imports", "mappings", "rules/new"])
async def test_no_form_with_a_file_whatever_is_answered_with_an_error_of_ours(visitor: Visitor, room: str) -> None:
    number = await number_of(visitor.served, "overpaid")
    path = path_of(number, "/evidence") if room == "evidence" else f"/desk/haiduong/{room}"
    wrong = []
    for body in parts(visitor):
        sent = {"data": body, "headers": {"Content-Type": "multipart/form-data; boundary=x"}}
        wrong += await wrong_with(visitor, "POST", path, **sent)
    assert not wrong
