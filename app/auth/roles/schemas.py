"""Request and response schemas of roles."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from app.auth.permissions.registry import READ, REGISTRY
from app.core.field_types.query_values import CommaSeparated
from app.core.fields import SINGLE_LINE
from app.core.pagination import PageQuery
from app.core.schemas import Body, Read, optional


def check_modules(modules: dict[str, list[str]]) -> dict[str, list[str]]:
    """Reject unknown modules and actions; sort the actions and drop duplicates."""
    for module, actions in modules.items():
        known = set(REGISTRY.get(module, ())) - {READ}
        if module not in REGISTRY:
            raise ValueError("Unknown module: see GET /api/v1/permissions")
        if set(actions) - known:
            choices = ", ".join(sorted(known)) or "none"
            raise ValueError(f"Unknown action for {module}: allowed are {choices}")
    return {module: sorted(set(actions)) for module, actions in modules.items()}


Modules = Annotated[
    dict[str, list[str]],
    AfterValidator(check_modules),
    Field(
        description="Module → granted actions. A module that is present grants `read`.",
        examples=[{"products": ["create", "update"], "tasks": []}],
    ),
]
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100),
    SINGLE_LINE,
    Field(examples=["sales"]),
]
Description = Annotated[
    str, StringConstraints(max_length=2000), Field(examples=["Keeps the prices"])
]
Sort = Literal["name", "-name", "created_at", "-created_at"]


class RoleCreate(Body):
    name: Name
    description: Description = ""
    modules: Modules = {}


class RoleUpdate(Body):
    name: Name = optional()
    description: Description = optional()
    modules: Modules = optional()


class RoleRead(Read):
    name: str
    description: str
    modules: dict[str, list[str]]


class RoleQuery(PageQuery):
    sort: CommaSeparated[Sort] = ()
