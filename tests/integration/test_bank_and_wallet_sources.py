"""SePay, VietinBank, ViettelPay and KeyPay over HTTP, configured as an operator would: secrets in files and names."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from adapters import registry
from paygate.database import connect
from paygate.domain.notice import NoticeFacts
from tests.certificates import certificate_for, private_pem, rsa_key
from tests.served import Served, a_paid_notice, a_service

API_KEY = "the key SePay shows"
SECRET = "the secret of the others"
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
BANK_KEY, EXPIRED_KEY = rsa_key(), rsa_key()
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "sepay": {"api_key": API_KEY},
    "vietinbank": {"provider_id": "9111"},
    "viettelpay": {"merchant_code": "HAIDUONG", "access_code": "ACCESS"},
    "keypay": {"client_id": "HAIDUONG"},
}


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Any]:
    monkeypatch.setenv("PAYGATE_TEST_API_KEY", API_KEY)
    monkeypatch.setenv("PAYGATE_TEST_SHARED", SECRET)
    bank, old = tmp_path / "bank.pem", tmp_path / "bank.old.pem"
    bank.write_bytes(certificate_for(BANK_KEY, valid_from=NOW - DAY, valid_until=NOW + DAY))
    old.write_bytes(certificate_for(EXPIRED_KEY, valid_from=NOW - 2 * DAY, valid_until=NOW - DAY))
    secrets = {
        "sepay": {"api_key": "env:PAYGATE_TEST_API_KEY"},
        "vietinbank": {"secrets": (f"file:{old}", f"file:{bank}")},
        "viettelpay": {"secrets": ("env:PAYGATE_TEST_SHARED",)},
        "keypay": {"secrets": ("env:PAYGATE_TEST_SHARED",)},
    }
    return {
        kind: {"tenant": "haiduong", "adapter": kind, "account": "001", **OPTIONS[kind], **secrets[kind]}
        for kind in OPTIONS
    }


@pytest.fixture
async def served(database_url: str, sources: Mapping[str, Any]) -> AsyncIterator[Served]:
    async with a_service(database_url, sources=sources) as one:
        yield one


def sent(kind: str, facts: NoticeFacts, secret: bytes = SECRET.encode()) -> tuple[bytes, Mapping[str, str]]:
    _, body, headers = registry.simulator(kind, secret, OPTIONS[kind]).request(facts, NOW)
    return body, headers


async def stored(served: Served) -> list[asyncpg.Record]:
    async with connect(served.database_url) as connection:
        return await connection.fetch("SELECT * FROM notice ORDER BY notice_id")


async def test_an_api_key_opens_the_door_and_is_written_nowhere(served: Served) -> None:
    body, headers = sent("sepay", a_paid_notice())
    assert await served.post(body, "/v1/notices/sepay", headers) == (200, {"success": True})
    (notice,) = await stored(served)
    assert (notice["said_state"], notice["amount"]) == ("paid", 150_000)
    assert API_KEY not in repr(dict(notice))
    refused = await served.post(body, "/v1/notices/sepay", {**headers, "authorization": "Apikey another"})
    assert refused == (401, {"success": False})
    assert await served.post(body, "/v1/notices/sepay") == (401, {"success": False})
    assert len(await stored(served)) == 1


async def test_money_that_went_out_is_kept_with_its_reason_and_needs_nobody(served: Served) -> None:
    body, headers = sent("sepay", a_paid_notice())
    message = json.dumps({**json.loads(body), "transferType": "out"}).encode()
    assert await served.post(message, "/v1/notices/sepay", headers) == (200, {"success": True})
    (notice,) = await stored(served)
    assert (notice["state"], notice["said_state"]) == ("applied", None)
    assert notice["reason"] == "transferType out: money that went out"


async def test_the_banks_certificate_comes_from_a_file_and_an_expired_one_vouches_for_nothing(served: Served) -> None:
    facts = a_paid_notice()
    status, reply = await served.post(sent("vietinbank", facts, private_pem(BANK_KEY))[0], "/v1/notices/vietinbank")
    assert (status, reply["errorCode"], reply["transId"]) == (200, "00", facts.transaction_id)
    (notice,) = await stored(served)
    assert (notice["said_state"], notice["reference"], notice["key_id"]) == ("paid", facts.reference, 1)
    body, _ = sent("vietinbank", a_paid_notice(), private_pem(EXPIRED_KEY))
    status, reply = await served.post(body, "/v1/notices/vietinbank")
    assert (status, reply["errorCode"]) == (401, "01")
    assert len(await stored(served)) == 1


@pytest.mark.parametrize(
    ("kind", "stored_word", "refused_word", "field"),
    [
        ("viettelpay", ("error_code", "00"), ("error_code", "02"), b"order_id"),
        ("keypay", ("return_code", 0), ("return_code", -1), b"transaction_id"),
    ],
    ids=["viettelpay", "keypay"],
)
async def test_a_success_its_signature_does_not_cover_is_stored_as_pending_with_an_alarm(
    served: Served, kind: str, stored_word: tuple[str, Any], refused_word: tuple[str, Any], field: bytes
) -> None:
    body, headers = sent(kind, a_paid_notice())
    status, reply = await served.post(body, f"/v1/notices/{kind}", headers)
    assert (status, reply[stored_word[0]]) == (200, stored_word[1])
    (notice,) = await stored(served)
    assert (notice["said_state"], notice["amount"]) == ("pending", 150_000)
    assert "the signature leaves out" in notice["alarm"]
    forged = body.replace(b"REF", b"FER")
    assert field in forged
    assert forged != body
    status, reply = await served.post(forged, f"/v1/notices/{kind}", headers)
    assert (status, reply[refused_word[0]]) == (401, refused_word[1])
