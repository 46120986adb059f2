"""An identity provider on loopback: a real one, with somebody before it who can twist what it says.

The provider is that of `oidc-provider-mock`. Before it stands a relay which everybody takes for the provider: it checks
the verifier of PKCE, which the provider behind does not, and has what a test wants said otherwise.
"""

import base64
import hashlib
import hmac
import json
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs

import aiohttp
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the provider's own parts are older than ours
    from oidc_provider_mock import User, run_server_in_thread

CLIENT: Final = "paygate"
PEOPLE: Final = [
    User(sub="1001", claims={"email": "lan@example.vn", "email_verified": True, "preferred_username": "lan"}),
    User(sub="1002", claims={"email": "lan@example.vn", "email_verified": False, "preferred_username": "impostor"}),
    User(sub="1003", claims={"email": "anh@example.vn", "email_verified": True, "preferred_username": "anh"}),
]


@dataclass
class Relay:
    """Who stands before the provider: each field is a lie it tells. What it twists it signs with its own key."""

    url: str
    behind: str
    session: aiohttp.ClientSession
    twist: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    sign: Callable[[dict[str, Any]], str] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    broken: web.Response | None = None
    own_key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "own", "use": "sig"}))
    published: bool = True
    challenges: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": "own"}, claims, self.own_key)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if self.broken is not None:
            return web.Response(status=self.broken.status, body=self.broken.body)
        body = await request.read()
        if request.path == "/oauth2/token" and not self._proven(body):
            return web.json_response({"error": "invalid_grant"}, status=400)
        headers = {name: value for name, value in request.headers.items() if name.lower() != "content-length"}
        async with self.session.request(
            request.method, self.behind + request.path_qs, headers=headers, data=body or None, allow_redirects=False
        ) as reply:
            content = await reply.read()
            kept = {name: value for name, value in reply.headers.items() if name in {"Location", "Content-Type"}}
        if request.path == "/oauth2/authorize" and "Location" in kept:
            code = parse_qs(kept["Location"].partition("?")[2]).get("code", [""])[0]
            self.challenges[code] = request.query["code_challenge"]
        return web.Response(status=reply.status, body=self._told(request.path, content), headers=kept)

    def _proven(self, body: bytes) -> bool:
        fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        digest = hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return self.challenges.get(fields.get("code", "")) == proof

    def _told(self, path: str, content: bytes) -> bytes:
        if path == "/.well-known/openid-configuration":
            return json.dumps({**json.loads(content), **self.metadata}).encode()
        if path == "/jwks" and self.published and (self.twist or self.sign):
            return json.dumps({"keys": [*json.loads(content)["keys"], self.own_key.as_dict(private=False)]}).encode()
        if path == "/oauth2/token" and b"id_token" in content and (self.twist or self.sign):
            told = json.loads(content)
            payload = told["id_token"].split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            claims = (self.twist or dict)(claims)
            told["id_token"] = (self.sign or self.signed)(claims)
            return json.dumps(told).encode()
        return content


@contextmanager
def running_provider() -> Iterator[str]:
    """Run the provider itself, and yield where."""
    with run_server_in_thread(user_claims=PEOPLE, require_nonce=True) as server:
        yield f"http://127.0.0.1:{server.server_port}"


@asynccontextmanager
async def relayed(behind: str) -> AsyncIterator[Relay]:
    """Stand before a provider."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        relay = Relay("", behind, session)
        runner = web.ServerRunner(web.Server(relay.answer))  # type: ignore[arg-type]
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        relay.url = "http://{}:{}".format(*runner.addresses[0])
        try:
            yield relay
        finally:
            await runner.cleanup()


def unsigned(claims: dict[str, Any]) -> str:
    """Write a token as `alg: none` has it."""
    return f"{_written({'alg': 'none', 'typ': 'JWT'}, claims)}."


def sealed_with_the_public_key(claims: dict[str, Any], key: RSAKey) -> str:
    """Write a token whose shared secret is what everybody can read."""
    text = _written({"alg": "HS256", "typ": "JWT", "kid": "own"}, claims)
    digest = hmac.digest(key.as_pem(private=False), text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def _written(*parts: dict[str, Any]) -> str:
    return ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in parts)


def long_ago(claims: dict[str, Any]) -> dict[str, Any]:
    """Have a token be of an hour ago."""
    return {**claims, "iat": int(time.time()) - 3600, "exp": int(time.time()) - 120}
