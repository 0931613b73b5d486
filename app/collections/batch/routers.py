"""HTTP for several records of a collection by their ids: /batch."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import TypeAdapter

from app.collections.batch.schemas import Batch, BatchQuery
from app.core.web.collections.list_response import DOCUMENTED, respond
from app.core.web.collections.resource import resource_of


def add_batch(router: APIRouter) -> None:
    resource = resource_of(router)
    read: Any = resource.read
    records = TypeAdapter[Batch[Any]](Batch[read])

    async def get_batch(
        request: Request,
        service: Annotated[Any, Depends(resource.get_service)],
        query: Annotated[BatchQuery, Query()],
    ) -> Response:
        """Return the records with these ids, in the order of the ids."""
        items = await service.find_many([*dict.fromkeys(query.id)])
        found = {"items": items, "missing": []}
        batch = records.validate_python(found, from_attributes=True)
        held = {item.id for item in batch.items}
        batch.missing = [id for id in dict.fromkeys(query.id) if id not in held]
        return respond(request, records.dump_json(batch))

    router.get(
        "/batch",
        name=f"get_{resource.name}_batch",
        response_model=Batch[read],
        **DOCUMENTED,
    )(get_batch)
