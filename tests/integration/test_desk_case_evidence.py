"""Files as evidence, in and out: whatever they are, they are kept as they came and never shown as a page."""

from io import BytesIO

import aiohttp
import pytest

from paygate.access import Role
from paygate.domain.evidence import LARGEST
from tests.desk import Visitor
from tests.desk_cases import number_of, path_of, signed_in
from tests.served import Served

PAGE = b"<html><script>alert(document.cookie)</script></html>"


async def attach(
    visitor: Visitor, number: int, body: bytes | None, name: str = "chung-tu.pdf", csrf: str | None = None
) -> tuple[int, str]:
    """Send a file by the form of the page."""
    _, text = await visitor.get(path_of(number))
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("csrf", visitor.hidden["csrf"] if csrf is None else csrf)
    form.add_field("once", visitor.hidden["once"])
    form.add_field("version", text.partition('name="version" value="')[2].partition('"')[0])
    form.add_field("list", "")
    if body is not None:
        form.add_field("file", BytesIO(body), filename=name, content_type="text/html")
    headers = {"Sec-Fetch-Site": "same-origin"}
    route = visitor.served.url + path_of(number, "/evidence")
    async with visitor.session.post(route, data=form, headers=headers) as reply:
        return reply.status, await reply.text()


async def attachments(province: Served) -> int:
    return int(await province.fetchval("SELECT count(*) FROM attachment"))


async def test_a_page_that_is_attached_is_only_ever_a_file(province: Served, visitor: Visitor) -> None:
    number = await number_of(province, "overpaid")
    status, text = await attach(visitor, number, PAGE, "../../<b>sao kê</b>.html")
    assert status == 200
    assert "Đã đính kèm" in text
    assert "<b>sao" not in text
    file = await province.fetchval("SELECT attachment_id FROM attachment")
    async with visitor.session.get(province.url + path_of(number, f"/files/{file}")) as reply:
        assert await reply.read() == PAGE
        assert reply.content_type == "application/octet-stream"
        assert reply.headers["Content-Disposition"].startswith("attachment;")
        assert reply.headers["Content-Security-Policy"].startswith("sandbox")
        assert reply.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("body", [b"", None, b"x" * (LARGEST + 1)], ids=["empty", "none", "too large"])
async def test_what_is_no_file_or_too_large_is_asked_for_again(
    province: Served, visitor: Visitor, body: bytes | None
) -> None:
    number = await number_of(province, "overpaid")
    status, text = await attach(visitor, number, body)
    assert status == 422
    assert 'id="e-file"' in text
    assert await attachments(province) == 0


async def test_the_largest_file_is_kept_whole(province: Served, visitor: Visitor) -> None:
    number = await number_of(province, "overpaid")
    assert (await attach(visitor, number, b"x" * LARGEST))[0] == 200
    file = await province.fetchval("SELECT attachment_id FROM attachment")
    async with visitor.session.get(province.url + path_of(number, f"/files/{file}")) as reply:
        assert await reply.read() == b"x" * LARGEST


async def test_a_file_from_a_form_of_another_session_is_refused(province: Served, visitor: Visitor) -> None:
    number = await number_of(province, "overpaid")
    assert (await attach(visitor, number, PAGE, csrf="another"))[0] == 403
    assert await attachments(province) == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x",
        b"nonsense",
        b"--x\r\n\r\n",
        b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n' + b"a" * 100_000 + b"\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 50 + b"--x--\r\n",
        b'--x\r\nContent-Type: multipart/mixed; boundary="y"\r\n\r\n--y\r\n\r\n1\r\n--y--\r\n--x--\r\n',
    ],
)
async def test_a_broken_form_is_refused_and_breaks_nothing(province: Served, visitor: Visitor, body: bytes) -> None:
    number = await number_of(province, "overpaid")
    headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": "multipart/form-data; boundary=x"}
    route = province.url + path_of(number, "/evidence")
    async with visitor.session.post(route, data=body, headers=headers) as reply:
        assert reply.status in {400, 403, 413, 422}
    assert (await visitor.get(path_of(number)))[0] == 200
    assert await attachments(province) == 0


async def test_a_file_of_another_discrepancy_or_tenant_is_not_there(province: Served, visitor: Visitor) -> None:
    number, other = await number_of(province, "overpaid"), await number_of(province, "underpaid")
    await attach(visitor, number, PAGE)
    file = await province.fetchval("SELECT attachment_id FROM attachment")
    assert (await visitor.get(path_of(other, f"/files/{file}")))[0] == 404
    async with Visitor(province) as stranger:
        await signed_in(stranger, Role.OFFICER, tenant="haiphong")
        assert (await stranger.get(path_of(number, f"/files/{file}")))[0] == 404
        assert (await stranger.get(path_of(number, f"/files/{file}", "haiphong")))[0] == 404
