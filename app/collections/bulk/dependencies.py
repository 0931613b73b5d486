"""Dependencies of bulk requests: size, permissions and service."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import Receive, Scope, Send

from app.auth.idempotency.dependencies import RepeatableRoute
from app.collections.bulk.collection_schemas import BulkSchemas
from app.collections.bulk.schemas import MAX_ITEMS
from app.collections.bulk.service import BulkService
from app.core.config import Settings
from app.core.web.collections.endpoints import Endpoint
from app.core.web.collections.resource import Resource

OPS = ("create", "update", "delete")


class BulkRoute(RepeatableRoute):
    """Route with a limit of its own for the size of bodies."""

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self.app = self.serve_large

    async def serve_large(self, scope: Scope, receive: Receive, send: Send) -> None:
        settings: Settings = scope["app"].state.settings
        limited = RequestBodyLimitMiddleware(self.serve, settings.MAX_BULK_BYTES)
        await limited(scope, receive, send)


async def actions_of(request: Request) -> list[str]:
    """Return the actions; "create", as of any POST, if no item has an op."""
    body = await request.json() if await request.body() else None
    items = body.get("items") if isinstance(body, dict) else None
    first = items[:MAX_ITEMS] if isinstance(items, list) else []
    ops = [item.get("op") for item in first if isinstance(item, dict)]
    return [op for op in OPS if op in ops] or ["create"]


def service_of(
    resource: Resource, schemas: BulkSchemas
) -> Callable[..., Awaitable[BulkService]]:
    """Return the dependency that does the requests of this collection."""

    async def get_bulk_service(
        service: Annotated[Any, Depends(resource.get_service)],
    ) -> BulkService:
        return BulkService(resource, schemas, service)

    return get_bulk_service
