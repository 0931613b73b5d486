"""The audit page for people. It holds no data: it signs in, and asks the API."""

import json
from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response

from app.audit.history.resource import resource_of
from app.core.models import entities
from app.core.pages.routes import PAGE_POLICY, render
from app.core.web.routing import API


def install_audit_page(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    values = {"api": API, "kinds": json.dumps(kinds(routers))}

    async def show_audit(request: Request) -> Response:
        return render(request, "audit.html", PAGE_POLICY, values)

    app.add_api_route("/audit", show_audit, include_in_schema=False)


def kinds(routers: Iterable[APIRouter]) -> dict[str, Any]:
    """Return what the page has to know of each entity: its address and its secrets.

    Those that people work with come first.
    """
    found = map(resource_of, routers)
    paths = {each.entity: each.router.prefix.removeprefix(API) for each in found}
    return {
        model.__name__: {"path": paths.get(model), "redacted": sorted(model.redacted)}
        for model in dict.fromkeys((*paths, *entities()))
    }
