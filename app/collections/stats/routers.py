"""HTTP for the number of records of a collection with each value: /stats."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from app.collections.stats.schemas import Stats, countable, stats_query
from app.core.dependencies import READS_STALE
from app.core.web.collections.list_response import DOCUMENTED, respond
from app.core.web.collections.resource import resource_of


def add_stats(router: APIRouter) -> None:
    """Add /stats to a collection that has an enum or a flag."""
    resource = resource_of(router)
    if not (choices := countable(resource)):
        return
    model: Any = stats_query(resource)

    async def get_stats(
        request: Request,
        service: Annotated[Any, Depends(resource.get_service)],
        query: Annotated[model, Query()],
    ) -> Response:
        """Count the records with each value of an enum or a flag, as filtered."""
        found = await service.count_by(query.by, query)
        counts = {text: found.get(it, 0) for it, text in choices[query.by].items()}
        stats = Stats(by=query.by, counts=counts, total=sum(counts.values()))
        return respond(request, stats.model_dump_json().encode())

    router.get(
        "/stats",
        name=f"get_{resource.name}_stats",
        response_model=Stats,
        dependencies=[READS_STALE],
        **DOCUMENTED,
    )(get_stats)
