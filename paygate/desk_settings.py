"""What the configuration says of the desk: where it is reached, and how people sign in."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from paygate.domain.reach import Allowed


class _DeskTable(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OidcSettings(_DeskTable):
    """The identity provider at which people may sign in."""

    issuer: Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~/-]*)?$")]
    client_id: Annotated[str, Field(min_length=1, max_length=255)]
    client_secret: str
    scopes: tuple[Annotated[str, Field(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]+$")], ...] = ("openid", "email")
    name_claim: Literal["email", "preferred_username"] = "email"
    label: Annotated[str, Field(min_length=1, max_length=60)] = "OpenID Connect"

    @field_validator("scopes")
    @classmethod
    def _openid_among_them(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in value:
            raise ValueError("openid is one of the scopes")
        return value


class DeskSettings(_DeskTable):
    """Where people reach the desk, and how they sign in. Without an address it is served over http."""

    public_url: Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+/?$")] | None = None
    idle_minutes: int = Field(default=30, ge=1, le=24 * 60)
    session_hours: int = Field(default=12, ge=1, le=7 * 24)
    secret: str | Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Where what seals apps' secrets is to be found; of several the first seals, and the others still open."""
    proxies: tuple[str, ...] = ()
    oidc: OidcSettings | None = None

    @field_validator("proxies")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if names := Allowed.read(value).names:
            raise ValueError(f"a proxy is named by its address or network: {', '.join(sorted(names))}")
        return value

    @model_validator(mode="after")
    def _reached_from_the_provider(self) -> Self:
        if self.oidc is not None and self.public_url is None:
            raise ValueError("oidc needs public_url: the provider leads people back there")
        return self
