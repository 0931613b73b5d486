"""The permission matrix as data. An operation without a row fails a test."""

import re
from dataclasses import dataclass
from datetime import timedelta

from app.core.clock import now
from app.core.web.collections.resource import resource_of
from app.main import app
from app.modules import ROUTERS
from tests.accounts import PASSWORD
from tests.auth.signing import NEW_PASSWORD
from tests.contract import CrudContract, Json
from tests.slices import SLICES


@dataclass(frozen=True)
class Row:
    """The permission that an operation needs, and its status if that is granted.

    If `needs` is None, any signed-in user is permitted. The status is that of a request
    for an existing record; for a missing one it is 404.
    """

    needs: str | None
    status: int
    body: Json | None = None
    superusers_only: bool = False
    # Permissions that are needed as well, and the body if it is a CSV file.
    also: tuple[str, ...] = ()
    file: bytes | None = None


# Operations without authentication, and their status for {}: a login takes a form.
PUBLIC = {
    "GET /livez": 200,
    "GET /readyz": 200,
    "POST /api/v1/auth/login": 415,
    "POST /api/v1/auth/refresh": 422,
    "POST /api/v1/auth/revoke": 422,
    "POST /api/v1/auth/password-link/redeem": 422,
}
# Pages without authentication, which are not in the OpenAPI document.
PAGES = {
    "/",
    "/static/{name}",
    "/docs",
    "/redoc",
    "/openapi.json",
    "/audit",
    "/password",
}


def with_plain_ids(operation: str) -> str:
    """Return the operation with each path parameter named `id`."""
    return re.sub(r"{\w+}", "{id}", operation)


FIRST_VERSION = {"to_version": 1}


def crud(contract: type[CrudContract]) -> dict[str, Row]:
    """Return the rows of a slice. Its contract supplies the body of a POST."""
    name = contract.resource
    path = f"/api/v1/{name}"
    counted = {f"GET {path}/stats": Row(f"{name}:read", 422)}  # without a query
    return {
        **(counted if f"{path}/stats" in app.openapi()["paths"] else {}),
        f"GET {path}/batch": Row(f"{name}:read", 422),
        f"GET {path}": Row(f"{name}:read", 200),
        f"GET {path}/export": Row(f"{name}:read", 200),
        f"POST {path}": Row(f"{name}:create", 201),
        f"GET {path}/deleted": Row(f"{name}:read", 200),
        f"GET {path}/{{id}}": Row(f"{name}:read", 200),
        f"PATCH {path}/{{id}}": Row(f"{name}:update", 200, contract.change),
        f"DELETE {path}/{{id}}": Row(f"{name}:delete", 204),
        f"GET {path}/{{id}}/history": Row(f"{name}:read", 200),
        f"POST {path}/{{id}}/revert": Row(f"{name}:update", 200, FIRST_VERSION),
        # An existing record cannot be restored.
        f"POST {path}/{{id}}/restore": Row(f"{name}:create", 409),
    }


PASSWORDS = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
PROMOTION = {"is_superuser": True, "current_password": PASSWORD}

SLICE_ROWS = {name: row for each in SLICES.values() for name, row in crud(each).items()}
SLICE_ROWS |= {
    # An item without its data is invalid.
    f"POST {router.prefix}/bulk": Row(
        f"{resource_of(router).plural}:create", 422, {"items": [{"op": "create"}]}
    )
    for router in ROUTERS
}
SLICE_ROWS |= {
    # A file without records.
    f"POST {router.prefix}/import": Row(
        f"{resource_of(router).plural}:create",
        200,
        also=(f"{resource_of(router).plural}:update",),
        file=b"id\n",
    )
    for router in ROUTERS
}
EXPIRY = f"{now() + timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}"
NEW_KEY = {"name": "import", "scopes": ["tasks:create"], "expires_at": EXPIRY}
MATRIX = SLICE_ROWS | {
    "GET /api/v1/auth/me": Row(None, 200),
    "PATCH /api/v1/auth/me": Row(None, 200, {"full_name": "Ada L."}),
    "GET /api/v1/auth/sessions": Row(None, 200),
    "DELETE /api/v1/auth/sessions/{id}": Row(None, 204),
    "GET /api/v1/auth/keys": Row(None, 200),
    # There is no scope that everyone may give to a key, and no key yet.
    "POST /api/v1/auth/keys": Row(None, 422, {}),
    "DELETE /api/v1/auth/keys/{id}": Row(None, 404),
    "POST /api/v1/auth/password": Row(None, 200, PASSWORDS),
    "POST /api/v1/auth/logout": Row(None, 204),
    "POST /api/v1/auth/logout-all": Row(None, 204),
    "GET /api/v1/permissions": Row(None, 200),
    "POST /api/v1/products/{id}/stock": Row("products:update", 200, {"delta": 1}),
    "DELETE /api/v1/users/{id}/sessions": Row("users:delete", 204),
    "GET /api/v1/users/{id}/keys": Row("users:read", 200),
    # The user has no permission to give to a key, and no key.
    "POST /api/v1/users/{id}/keys": Row("users:update", 403, NEW_KEY),
    "DELETE /api/v1/users/{id}/keys/{id}": Row("users:update", 404),
    "POST /api/v1/users/{id}/password-link": Row("users:update", 201),
    "PUT /api/v1/users/{id}/superuser": Row("users:update", 200, PROMOTION, True),
    # A caller cannot grant permissions that they lack, so no grants are sent.
    "PATCH /api/v1/roles/{id}": Row("roles:update", 200, {"description": "Many"}),
    "GET /api/v1/audit/changes": Row("audit:read", 200),
    # The test sends an invalid filter, as a stream has no end.
    "GET /api/v1/audit/changes/stream": Row("audit:read", 422),
    "GET /api/v1/audit/accesses": Row("audit:read", 200),
    "GET /api/v1/audit/diff": Row("audit:read", 422),  # without its two times
    "GET /api/v1/audit/requests/{id}": Row("audit:read", 200),
    # A new database has nothing sealed: no proof, no checkpoint, and no name for a key.
    "GET /api/v1/audit/changes/{id}/proof": Row("audit:read", 409),
    "GET /api/v1/audit/accesses/{id}/proof": Row("audit:read", 404),
    "GET /api/v1/audit/checkpoint": Row("audit:read", 404),
    "GET /api/v1/audit/consistency": Row("audit:read", 404),
    "GET /api/v1/audit/key": Row("audit:read", 404),
}
GUARDED = {operation: row for operation, row in MATRIX.items() if row.needs}
OPEN = {operation: row for operation, row in MATRIX.items() if not row.needs}
