"""Signing in at an identity provider that runs for real, and at one that lies."""

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey

from paygate.access import Role, add_person
from paygate.database import connect
from paygate.sign_in_changes import reset_provider, shut_out
from tests.desk import Visitor, a_person
from tests.identity_provider import (
    CLIENT,
    Relay,
    long_ago,
    relayed,
    running_provider,
    sealed_with_the_public_key,
    unsigned,
)
from tests.served import Served, a_service

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the provider's parts, which run in a thread

REFUSED = "Không đăng nhập được ở đó"


@dataclass
class House:
    served: Served
    provider: Relay


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def a_house(database_url: str, provider: Relay, **oidc: Any) -> AsyncIterator[House]:
    """Serve a desk at which people sign in at a provider."""
    os.environ["PAYGATE_TEST_CLIENT_SECRET"] = "a client's secret: & % é"
    port = free_port()
    told = {"issuer": provider.url, "client_id": CLIENT, "client_secret": "env:PAYGATE_TEST_CLIENT_SECRET", **oidc}
    desk = {"public_url": f"http://127.0.0.1:{port}", "oidc": {**told, "label": "Sở Nội vụ"}}
    async with a_service(database_url, port=port, egress_allowed=("127.0.0.0/8",), desk=desk) as served:
        yield House(served, provider)


@pytest.fixture(scope="module")
def behind() -> Iterator[str]:
    with running_provider() as url:
        yield url


@pytest.fixture
async def provider(behind: str) -> AsyncIterator[Relay]:
    async with relayed(behind) as one:
        yield one


@pytest.fixture
async def house(database_url: str, provider: Relay) -> AsyncIterator[House]:
    async with a_house(database_url, provider) as one:
        yield one


async def made(served: Served, name: str = "lan@example.vn", role: Role = Role.OFFICER) -> None:
    """Have an administrator make a person who has no password here."""
    async with connect(served.database_url) as connection, connection.transaction():
        tenant_id = await connection.fetchval("SELECT tenant_id FROM tenant WHERE code = 'haiduong'")
        await add_person(connection, name, role, tenant_id)


async def sent_there(visitor: Visitor, following: str = "/") -> str:
    """Begin to sign in and return the address that the browser is led to."""
    async with visitor.session.get(
        visitor.served.url + "/sign-in/oidc", params={"next": following}, allow_redirects=False
    ) as reply:
        assert reply.status == 303, await reply.text()
        return reply.headers["Location"]


async def back_from(visitor: Visitor, address: str, subject: str = "1001") -> str:
    """Sign in at the provider and return the path that the browser is led back to."""
    async with visitor.session.post(address, data={"sub": subject}, allow_redirects=False) as reply:
        assert reply.status == 302, await reply.text()
        parts = urlsplit(reply.headers["Location"])
        return f"{parts.path}?{parts.query}"


async def come(visitor: Visitor, subject: str = "1001", following: str = "/") -> tuple[int, str]:
    return await visitor.get(await back_from(visitor, await sent_there(visitor, following), subject))


async def test_a_person_signs_in_there_and_comes_to_the_page_they_asked_for(house: House) -> None:
    await made(house.served)
    async with Visitor(house.served) as visitor:
        _, page = await visitor.get("/desk/haiduong?day=08/05/2024")
        link = re.search(r'href="/sign-in/oidc\?next=([^"]+)"', page)
        assert link
        assert "Sở Nội vụ" in page
        assert (await come(visitor, following="/desk/haiduong?day=08/05/2024"))[0] == 200
        assert visitor.url.startswith("/desk/haiduong?day=08")
        assert "lan@example.vn" in (await visitor.get("/account"))[1]
        assert (await visitor.get("/account/password"))[0] == 404
    acts = await house.served.fetchval("SELECT array_agg(act || ' ' || subject) FROM audit_entry")
    assert acts == ["identity_bound lan@example.vn"]


async def test_what_is_asked_of_the_provider_is_bound_to_this_browser_and_this_request(house: House) -> None:
    async with Visitor(house.served) as visitor:
        asked = [parse_qs(urlsplit(await sent_there(visitor)).query) for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]
        assert len(asked[0][name][0]) == 43
    assert asked[0]["code_challenge_method"] == ["S256"]
    assert asked[0]["scope"] == ["openid email"]
    assert asked[0]["redirect_uri"] == [f"{house.served.url}/sign-in/oidc/callback"]


@pytest.mark.parametrize("said", ["Host", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded"])
async def test_where_the_provider_leads_back_to_is_what_is_configured(house: House, said: str) -> None:
    async with house.served.session.get(
        house.served.url + "/sign-in/oidc", headers={said: "evil.example"}, allow_redirects=False
    ) as reply:
        asked = parse_qs(urlsplit(reply.headers["Location"]).query)
    assert asked["redirect_uri"] == [f"{house.served.url}/sign-in/oidc/callback"]


async def test_a_person_stays_the_same_whatever_the_provider_calls_them_later(house: House) -> None:
    house.provider.twist = dict
    await made(house.served)
    async with Visitor(house.served) as visitor:
        await come(visitor)
    house.provider.twist = lambda claims: {**claims, "email": "anh@example.vn"}
    await made(house.served, "anh@example.vn", Role.ADMIN)
    async with Visitor(house.served) as visitor:
        await come(visitor)
        assert "lan@example.vn" in (await visitor.get("/account"))[1]


@pytest.mark.parametrize("subject", ["1002", "1003", "1004"])
async def test_who_is_not_made_or_whose_address_is_not_verified_is_refused(house: House, subject: str) -> None:
    await made(house.served)
    async with Visitor(house.served) as visitor:
        status, page = await come(visitor, subject)
        assert (status, REFUSED in page) == (403, True)
    assert await house.served.fetchval("SELECT count(*) FROM identity") == 0


@pytest.mark.parametrize("verified", ["true", 1, None, "yes", [True]])
async def test_only_a_plain_true_verifies_an_address(house: House, verified: Any) -> None:
    await made(house.served)
    house.provider.twist = lambda claims: {**claims, "email_verified": verified}
    async with Visitor(house.served) as visitor:
        assert (await come(visitor))[0] == 403


async def test_two_of_the_provider_s_people_never_become_one_of_ours(house: House) -> None:
    house.provider.twist = dict
    await made(house.served)
    async with Visitor(house.served) as first, Visitor(house.served) as second:
        await come(first)
        house.provider.twist = lambda claims: {**claims, "email": "lan@example.vn"}
        assert (await come(second, "1003"))[0] == 403


async def test_who_has_a_password_here_is_not_taken_over_from_there(house: House) -> None:
    name = await a_person(house.served, Role.ADMIN, name="lan@example.vn")
    async with Visitor(house.served) as visitor:
        assert (await come(visitor))[0] == 403
        async with connect(house.served.database_url) as connection, connection.transaction():
            await reset_provider(connection, name, "root")
        assert (await come(visitor))[0] == 200


async def test_who_is_shut_out_here_does_not_come_in_from_there(house: House) -> None:
    await made(house.served)
    async with Visitor(house.served) as visitor:
        await come(visitor)
        async with connect(house.served.database_url) as connection, connection.transaction():
            await shut_out(connection, "lan@example.vn", "root")
        assert (await come(visitor))[0] == 403


async def test_a_name_may_be_the_provider_s_own_user_name(database_url: str, provider: Relay) -> None:
    async with a_house(database_url, provider, name_claim="preferred_username", scopes=("openid", "profile")) as house:
        await made(house.served, "lan")
        async with Visitor(house.served) as visitor:
            assert (await come(visitor))[0] == 200


# -- What does not hold ------------------------------------------------------------------------------------------------

FOREIGN = RSAKey.generate_key(2048, {"kid": "own"})
TWISTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "another nonce": lambda claims: {**claims, "nonce": "another"},
    "no nonce": lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
    "several nonces": lambda claims: {**claims, "nonce": [claims["nonce"], "another"]},
    "expired": long_ago,
    "for ever": lambda claims: {name: value for name, value in claims.items() if name != "exp"},
    "of tomorrow": lambda claims: {**claims, "iat": claims["iat"] + 86_400},
    "of nobody": lambda claims: {**claims, "sub": ""},
    "of a number": lambda claims: {**claims, "sub": 1001},
    "of a long name": lambda claims: {**claims, "sub": "x" * 256},
    "another issuer": lambda claims: {**claims, "iss": "https://evil.example"},
    "another audience": lambda claims: {**claims, "aud": "another"},
    "several audiences": lambda claims: {**claims, "aud": [CLIENT, "another"]},
    "made for another": lambda claims: {**claims, "azp": "another"},
    "endless": lambda claims: {**claims, "exp": float("inf")},
}


@pytest.mark.parametrize("twist", TWISTS.values(), ids=TWISTS.keys())
async def test_a_token_that_says_what_it_should_not_opens_nothing(
    house: House, twist: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    await made(house.served)
    house.provider.twist = twist
    async with Visitor(house.served) as visitor:
        status, page = await come(visitor)
        assert (status, REFUSED in page) == (403, True)
        await visitor.get("/account")
        assert visitor.url.startswith("/sign-in")


SIGNATURES: dict[str, Callable[[dict[str, Any]], str]] = {
    "none": unsigned,
    "another key": lambda claims: jwt.encode({"alg": "RS256", "kid": "own"}, claims, FOREIGN),
    "a key nobody knows": lambda claims: jwt.encode({"alg": "RS256", "kid": "unheard"}, claims, FOREIGN),
    "the public key as a shared secret": lambda claims: sealed_with_the_public_key(claims, FOREIGN),
    "not a token": lambda claims: "a.b.c",
    "empty": lambda claims: "",
    "huge": lambda claims: "a" * 200_000,
}


@pytest.mark.parametrize("sign", SIGNATURES.values(), ids=SIGNATURES.keys())
async def test_a_token_that_is_not_signed_as_it_should_opens_nothing(
    house: House, sign: Callable[[dict[str, Any]], str]
) -> None:
    await made(house.served)
    house.provider.sign = sign
    async with Visitor(house.served) as visitor:
        assert (await come(visitor))[0] == 403


async def test_a_key_that_is_published_later_is_found_and_not_looked_for_at_every_token(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made(house.served)
    house.provider.published, house.provider.twist = False, dict
    async with Visitor(house.served) as visitor:
        assert (await come(visitor))[0] == 403
        house.provider.published = True
        assert (await come(visitor))[0] == 403  # it was looked for a moment ago
        assert house.provider.asked.count("/jwks") == 1
        monkeypatch.setattr("paygate.provider.LOOK_AGAIN_SECONDS", 0.0)
        assert (await come(visitor))[0] == 200


@pytest.mark.parametrize("spoil", ["state=another", "state=", "code=another", "code=", "iss=https://evil.example"])
async def test_an_answer_that_is_not_to_this_request_opens_nothing(house: House, spoil: str) -> None:
    await made(house.served)
    async with Visitor(house.served) as visitor:
        path = await back_from(visitor, await sent_there(visitor))
        name = spoil.partition("=")[0]
        spoilt = re.sub(rf"\b{name}=[^&]*", spoil, path) if f"{name}=" in path else f"{path}&{spoil}"
        assert (await visitor.get(spoilt))[0] == 403


async def test_an_answer_opens_nothing_in_another_browser_and_nothing_twice(house: House) -> None:
    await made(house.served)
    async with Visitor(house.served) as visitor, Visitor(house.served) as thief:
        path = await back_from(visitor, await sent_there(visitor))
        assert (await thief.get(path))[0] == 403
        kept = {cookie.key: cookie.value for cookie in visitor.session.cookie_jar}
        assert (await visitor.get(path))[0] == 200
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in kept.items())}
        assert (await thief.get(path, headers=headers))[0] == 403  # the code is used up


async def test_a_code_that_was_begun_elsewhere_is_not_redeemed(house: House) -> None:
    """The attacker's code in the victim's browser: the verifier is another."""
    await made(house.served)
    async with Visitor(house.served) as victim, Visitor(house.served) as attacker:
        stolen = re.search(r"code=([^&]+)", await back_from(attacker, await sent_there(attacker)))
        path = await back_from(victim, await sent_there(victim))
        assert stolen
        assert (await victim.get(re.sub(r"code=[^&]+", f"code={stolen[1]}", path)))[0] == 403


async def test_where_the_provider_says_that_it_names_itself_it_must(house: House) -> None:
    await made(house.served)
    house.provider.metadata = {"authorization_response_iss_parameter_supported": True}
    async with Visitor(house.served) as visitor:
        assert (await come(visitor))[0] == 403
        path = await back_from(visitor, await sent_there(visitor))
        assert (await visitor.get(f"{path}&iss={house.provider.url}"))[0] == 200


async def test_what_the_provider_refuses_is_not_repeated_on_our_page(house: House) -> None:
    async with Visitor(house.served) as visitor:
        state = parse_qs(urlsplit(await sent_there(visitor)).query)["state"][0]
        path = f"/sign-in/oidc/callback?state={state}&error=access_denied&error_description=%3Cscript%3Ecall+0900"
        status, page = await visitor.get(path)
        assert (status, "0900" in page) == (403, False)


@pytest.mark.parametrize("following", ["//evil.example", "/\\evil.example", "https:evil.example", "/x" * 2000])
async def test_it_leads_to_no_other_site_afterwards(house: House, following: str) -> None:
    await made(house.served)
    async with Visitor(house.served) as visitor:
        assert (await come(visitor, following=following))[0] == 200
        assert visitor.url == "/desk/haiduong"


# -- The provider is away ----------------------------------------------------------------------------------------------

BROKEN = {
    "an error": web.Response(status=500, body=b"oops"),
    "a redirect": web.Response(status=302, body=b""),
    "no JSON": web.Response(body=b"<html>"),
    "JSON of another kind": web.Response(body=b"[]"),
    "deep": web.Response(body=b"[" * 100_000),
    "too much": web.Response(body=b" " * 300_000),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
async def test_a_provider_that_answers_nonsense_is_told_of_on_one_page(house: House, broken: web.Response) -> None:
    house.provider.broken = broken
    async with house.served.session.get(house.served.url + "/sign-in/oidc", allow_redirects=False) as reply:
        assert (reply.status, reply.content_type) == (503, "text/html")
        assert reply.headers["Retry-After"]
        assert "Hãy thử lại sau ít phút" in await reply.text()


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "ftp://x/"},
        {"jwks_uri": "/jwks"},
        {"authorization_endpoint": "http://x/\r\nSet-Cookie: a=b"},
    ],
)
async def test_a_configuration_of_another_or_of_no_use_is_not_followed(house: House, metadata: dict[str, Any]) -> None:
    house.provider.metadata = metadata
    async with house.served.session.get(house.served.url + "/sign-in/oidc", allow_redirects=False) as reply:
        assert reply.status == 503


async def test_a_provider_that_goes_away_between_two_steps_is_told_of_and_is_nobodys_failure(house: House) -> None:
    await made(house.served)
    async with Visitor(house.served) as visitor:
        path = await back_from(visitor, await sent_there(visitor))
        house.provider.broken = web.Response(status=502)
        assert (await visitor.get(path))[0] == 503
    assert await house.served.fetchval("SELECT sum(failures) FROM sign_in_pause") == 0


async def test_a_provider_that_does_not_answer_is_not_asked_by_everybody_in_turn(house: House) -> None:
    house.provider.broken = web.Response(status=500)
    house.provider.url = ""

    async def begin() -> int:
        async with house.served.session.get(house.served.url + "/sign-in/oidc", allow_redirects=False) as reply:
            return reply.status

    assert set(await asyncio.gather(*(begin() for _ in range(5)))) == {503}


async def test_inner_addresses_that_a_provider_names_are_not_asked(house: House) -> None:
    await made(house.served)
    house.provider.metadata = {"token_endpoint": "http://169.254.169.254/token"}
    async with Visitor(house.served) as visitor:
        assert (await come(visitor))[0] == 503


async def test_without_a_provider_there_is_no_such_page(database_url: str) -> None:
    async with a_service(database_url) as served:
        for path in ("/sign-in/oidc", "/sign-in/oidc/callback?code=x&state=y"):
            async with served.session.get(served.url + path, allow_redirects=False) as reply:
                assert reply.status == 404
