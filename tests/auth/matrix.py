"""Who may do what, as data. An operation that has no row here fails a test."""

from dataclasses import dataclass
from typing import Any

from app.core.ids import uuid7
from tests.accounts import PASSWORD
from tests.auth.signing import NEW_PASSWORD

Json = dict[str, Any]


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


FIRST = {"to_version": 1}


def crud(resource: str, id: str, change: Json) -> dict[str, Row]:
    """Return the rows of a slice. What a POST sends is made by payload()."""
    path = f"/api/v1/{resource}"
    return {
        f"GET {path}": Row(f"{resource}:read", 200),
        f"POST {path}": Row(f"{resource}:create", 201),
        f"GET {path}/{{{id}}}": Row(f"{resource}:read", 200),
        f"PATCH {path}/{{{id}}}": Row(f"{resource}:update", 200, change),
        f"DELETE {path}/{{{id}}}": Row(f"{resource}:delete", 204),
        f"GET {path}/{{{id}}}/history": Row(f"{resource}:read", 200),
        f"POST {path}/{{{id}}}/revert": Row(f"{resource}:update", 200, FIRST),
        # What is there cannot be restored.
        f"POST {path}/{{{id}}}/restore": Row(f"{resource}:create", 409),
    }


PASSWORDS = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
PROMOTION = {"is_superuser": True, "current_password": PASSWORD}

MATRIX = {
    "GET /api/v1/auth/me": Row(None, 200),
    "PATCH /api/v1/auth/me": Row(None, 200, {"full_name": "Ada L."}),
    "GET /api/v1/auth/sessions": Row(None, 200),
    "DELETE /api/v1/auth/sessions/{session_id}": Row(None, 204),
    "POST /api/v1/auth/password": Row(None, 200, PASSWORDS),
    "POST /api/v1/auth/logout": Row(None, 204),
    "POST /api/v1/auth/logout-all": Row(None, 204),
    "GET /api/v1/permissions": Row(None, 200),
    **crud("products", "product_id", {"name": "Pencil"}),
    "POST /api/v1/products/{product_id}/stock": Row(
        "products:update", 200, {"delta": 1}
    ),
    **crud("customers", "customer_id", {"notes": "Called"}),
    **crud("tasks", "task_id", {"status": "done"}),
    **crud("users", "user_id", {"full_name": "Ada L."}),
    "DELETE /api/v1/users/{user_id}/sessions": Row("users:delete", 204),
    "PUT /api/v1/users/{user_id}/superuser": Row("users:update", 200, PROMOTION, True),
    **crud("roles", "role_id", {"description": "Many"}),
    "GET /api/v1/audit/changes": Row("audit:read", 200),
    "GET /api/v1/audit/accesses": Row("audit:read", 200),
    "GET /api/v1/audit/requests/{request_id}": Row("audit:read", 200),
}
GUARDED = {operation: row for operation, row in MATRIX.items() if row.needs}
OPEN = {operation: row for operation, row in MATRIX.items() if not row.needs}


def payload(resource: str) -> Json:
    """Return what makes a record, unlike any other."""
    unique = uuid7().hex[-12:]
    person = {"email": f"{unique}@example.com"}
    payloads: dict[str, Json] = {
        "products": {"sku": unique.upper(), "name": "Pen", "price": "1.50"},
        "customers": {**person, "name": "Ada"},
        "tasks": {"title": "Write"},
        "users": {**person, "full_name": "Ada", "password": PASSWORD},
        "roles": {"name": unique},
    }
    return payloads[resource]
