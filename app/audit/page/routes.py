"""The audit page. It contains no records: its JavaScript reads them from the API."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from app.core.models import entities
from app.core.pages.routes import PAGE_POLICY, render
from app.core.web.collections.resource import resource_of
from app.core.web.routing import API


def audit_page(
    routers: Iterable[APIRouter], import_keys: Mapping[str, Sequence[str]]
) -> APIRouter:
    """Return its router. `import_keys` are the keys of each entity to be imported."""
    types = entity_types(routers)
    for name, keys in import_keys.items():
        types[name]["keys"] = keys
    values = {"api": API, "entity_types": json.dumps(types)}
    router = APIRouter(include_in_schema=False)

    @router.get("/audit")
    async def show_audit(request: Request) -> Response:
        return render(request, "audit.html", PAGE_POLICY, values)

    return router


def entity_types(routers: Iterable[APIRouter]) -> dict[str, Any]:
    """Return the path, or None, and the redacted columns of each entity, by name.

    The entities of `routers` come first.
    """
    resources = map(resource_of, routers)
    paths = {each.entity: each.router.prefix.removeprefix(API) for each in resources}
    return {
        model.__name__: {"path": paths.get(model), "redacted": sorted(model.redacted)}
        for model in dict.fromkeys((*paths, *entities()))
    }
