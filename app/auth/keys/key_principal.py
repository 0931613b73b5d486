"""The principal of a request with an API key, read in one statement."""

from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address, ip_network

import structlog
from sqlalchemy import bindparam, inspect

from app.auth.ip_addresses import UNKNOWN_IP
from app.auth.keys.models import ApiKey
from app.auth.permissions.principal import (
    KeyRef,
    Principal,
    active_users,
    granted_by,
)
from app.auth.permissions.registry import known_permissions
from app.core.clock import now
from app.core.db.driver.compiled import Row
from app.core.db.driver.statements import Prepared
from app.core.db.session import DatabaseSession

api_key = inspect(ApiKey).local_table

# No row if the user is disabled, or the key unknown, revoked or expired.
KEY_QUERY = Prepared(
    active_users(api_key)
    .add_columns(
        api_key.c.user_id,
        api_key.c.id.label("key_id"),
        api_key.c.name.label("key_name"),
        api_key.c.scopes,
        api_key.c.addresses,
        api_key.c.expires_at,
    )
    .where(
        api_key.c.key_hash == bindparam("key_hash"),
        api_key.c.expires_at > bindparam("now"),
    )
)

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SentKey:
    """The hash of a key that was sent, and the address of the client."""

    hash: str
    ip: str


async def find_key_principal(
    sent: SentKey, session: DatabaseSession
) -> Principal | None:
    """Return the principal of a key, or None if it is not valid for this client.

    Its permissions are those of the scopes that the user has at present. Whether the
    user must change the password does not matter: the key is no password.
    """
    rows = await session.rows(KEY_QUERY, {"key_hash": sent.hash, "now": now()})
    if not rows or not is_allowed(sent.ip, rows[0]):
        return None
    first = rows[0]
    held = known_permissions() if first["is_superuser"] else granted_by(rows)
    return Principal(
        user_id=first["user_id"],
        email=first["email"],
        full_name=first["full_name"],
        is_superuser=False,
        must_change_password=False,
        permissions=held & frozenset(first["scopes"].split()),
        find=partial(find_key_principal, sent),
        valid_until=first["expires_at"].timestamp(),
        key=KeyRef(first["key_id"], first["key_name"]),
    )


def is_allowed(ip: str, key: Row) -> bool:
    """Return whether this address may use the key; any may, if it names none."""
    networks = map(ip_network, key["addresses"].split())
    known = ip != UNKNOWN_IP
    if not key["addresses"] or (known and any(ip_address(ip) in it for it in networks)):
        return True
    logger.warning("key_address_refused", key=str(key["key_id"]), ip=ip)
    return False
