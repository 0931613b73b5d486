"""Dependencies of bulk requests: size, permissions and service."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Request

from app.collections.bulk.collection_schemas import BulkSchemas
from app.collections.bulk.schemas import MAX_ITEMS
from app.collections.bulk.service import BulkService
from app.collections.writes.dependencies import LargeRoute
from app.core.web.collections.resource import Resource

OPS = ("create", "update", "delete")


class BulkRoute(LargeRoute):
    limit = "MAX_BULK_BYTES"


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
