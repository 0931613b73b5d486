"""Who may do what, as data. An operation that has no row here fails a test."""

import re
from dataclasses import dataclass

from tests.accounts import PASSWORD
from tests.auth.signing import NEW_PASSWORD
from tests.contract import CrudContract, Json
from tests.slices import SLICES


@dataclass(frozen=True)
class Row:
    """What an operation needs, and what it answers to whoever may.

    `needs` is a permission; None asks for no more than having signed in. The answer is
    that about a record which exists. About one that does not, it is 404.
    """

    needs: str | None
    answer: int
    body: Json | None = None
    superusers_only: bool = False


# Anybody may call these, and is told this about an empty body.
PUBLIC = {
    "GET /livez": 200,
    "GET /readyz": 200,
    "POST /api/v1/auth/login": 422,
    "POST /api/v1/auth/refresh": 422,
}
# Anybody may see these; they are for people, and stand in no document.
PAGES = {"/", "/static/{name}", "/docs", "/redoc", "/openapi.json", "/audit"}


def plain(operation: str) -> str:
    """Write an operation as it is written here: whatever is in braces is an id."""
    return re.sub(r"{\w+}", "{id}", operation)


FIRST = {"to_version": 1}


def crud(contract: type[CrudContract]) -> dict[str, Row]:
    """Return the rows of a slice. What a POST sends is made by its contract."""
    name = contract.resource
    path = f"/api/v1/{name}"
    return {
        f"GET {path}": Row(f"{name}:read", 200),
        f"POST {path}": Row(f"{name}:create", 201),
        f"GET {path}/{{id}}": Row(f"{name}:read", 200),
        f"PATCH {path}/{{id}}": Row(f"{name}:update", 200, contract.change),
        f"DELETE {path}/{{id}}": Row(f"{name}:delete", 204),
        f"GET {path}/{{id}}/history": Row(f"{name}:read", 200),
        f"POST {path}/{{id}}/revert": Row(f"{name}:update", 200, FIRST),
        # What is there cannot be restored.
        f"POST {path}/{{id}}/restore": Row(f"{name}:create", 409),
    }


PASSWORDS = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
PROMOTION = {"is_superuser": True, "current_password": PASSWORD}

SLICED = {name: row for each in SLICES.values() for name, row in crud(each).items()}
MATRIX = SLICED | {
    "GET /api/v1/auth/me": Row(None, 200),
    "PATCH /api/v1/auth/me": Row(None, 200, {"full_name": "Ada L."}),
    "GET /api/v1/auth/sessions": Row(None, 200),
    "DELETE /api/v1/auth/sessions/{id}": Row(None, 204),
    "POST /api/v1/auth/password": Row(None, 200, PASSWORDS),
    "POST /api/v1/auth/logout": Row(None, 204),
    "POST /api/v1/auth/logout-all": Row(None, 204),
    "GET /api/v1/permissions": Row(None, 200),
    "POST /api/v1/products/{id}/stock": Row("products:update", 200, {"delta": 1}),
    "DELETE /api/v1/users/{id}/sessions": Row("users:delete", 204),
    "PUT /api/v1/users/{id}/superuser": Row("users:update", 200, PROMOTION, True),
    # Nobody grants what she may not do herself.
    "PATCH /api/v1/roles/{id}": Row("roles:update", 200, {"description": "Many"}),
    "GET /api/v1/audit/changes": Row("audit:read", 200),
    "GET /api/v1/audit/accesses": Row("audit:read", 200),
    "GET /api/v1/audit/requests/{id}": Row("audit:read", 200),
}
GUARDED = {operation: row for operation, row in MATRIX.items() if row.needs}
OPEN = {operation: row for operation, row in MATRIX.items() if not row.needs}
