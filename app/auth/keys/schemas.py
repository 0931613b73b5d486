"""Request and response schemas of API keys."""

from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from app.auth.keys.models import (
    ADDRESS_LENGTH,
    MAX_ADDRESSES,
    MAX_SCOPES,
    NAME_LENGTH,
    SCOPE_LENGTH,
)
from app.auth.permissions.registry import is_known
from app.core.clock import now
from app.core.db.driver.compiled import Row
from app.core.fields import SINGLE_LINE, Instant
from app.core.schemas import Body

LONGEST_LIFE = timedelta(days=366)
NO_NETWORK = "Text must be an IP address or a network, such as 192.0.2.0/24"


def check_scope(scope: str) -> str:
    if not is_known(scope):
        raise ValueError("There is no such permission: see GET /api/v1/permissions")
    return scope


def check_expiry(at: datetime) -> datetime:
    if not now() < at <= now() + LONGEST_LIFE:
        raise ValueError("A key must expire in the future, within a year")
    return at


def check_address(text: str) -> str:
    """Return the network as `ipaddress` spells it; an address is a network of one."""
    try:
        network = ip_network(text)
    except ValueError:  # its message has the text
        raise ValueError(NO_NETWORK) from None
    address = network.network_address
    if "%" in text or getattr(address, "ipv4_mapped", None):
        raise ValueError("Zones and mapped addresses never match a client")
    return str(network)


KeyName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=NAME_LENGTH),
    SINGLE_LINE,
    Field(
        examples=["nightly import"], description="Of the program: both logs keep it."
    ),
]
Scope = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9_]+:[a-z0-9_]+$", max_length=SCOPE_LENGTH),
    AfterValidator(check_scope),
]
Expiry = Annotated[
    Instant,
    AfterValidator(check_expiry),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2027-06-30T00:00:00Z"]}
    ),
]
Address = Annotated[
    str, StringConstraints(max_length=ADDRESS_LENGTH), AfterValidator(check_address)
]


class ApiKeyCreate(Body):
    name: KeyName
    scopes: list[Scope] = Field(
        min_length=1,
        max_length=MAX_SCOPES,
        description="Permissions, as far as the user has them at the time of a request",
        examples=[["products:read", "products:update"]],
    )
    expires_at: Expiry = Field(description="Within a year")
    addresses: list[Address] = Field(
        [],
        max_length=MAX_ADDRESSES,
        description="IP addresses or networks that may use the key; empty for any",
        examples=[["192.0.2.0/24"]],
    )


class ApiKeyRead(BaseModel):
    id: UUID
    name: str
    prefix: str = Field(description="The first characters after `bo_`")
    scopes: list[str]
    addresses: list[str]
    created_at: datetime
    created_by: UUID = Field(description="Id of the user who made the key")
    expires_at: datetime
    last_used_at: datetime | None = Field(description="To five minutes")

    @classmethod
    def from_row(cls, row: Row, **more: Any) -> Self:
        split = {name: row[name].split() for name in ("scopes", "addresses")}
        return cls(**{**row, **split, **more})


class NewApiKey(ApiKeyRead):
    """The only response with the key."""

    key: str = Field(description="Send it as `Authorization: Bearer <key>`")
