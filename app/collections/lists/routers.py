"""HTTP for lists with related records, with some fields only, and with a tag."""

from collections.abc import Iterable
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from app.auth.dependencies import CurrentUser
from app.collections.lists.pages import PageWriter, item_of
from app.collections.lists.queries import list_query
from app.collections.lists.related import RelatedReader
from app.collections.lists.relations import Relations, relations_of
from app.collections.lists.repository import RelatedRepository
from app.collections.lists.schemas import SparsePage
from app.core.dependencies import READS_STALE, SessionDep
from app.core.pagination import Page, PageQuery
from app.core.web.collections.endpoints import Endpoint, with_signature
from app.core.web.collections.list_response import DOCUMENTED, respond
from app.core.web.collections.resource import Resource, resource_of


async def get_related(session: SessionDep, user: CurrentUser) -> RelatedReader:
    return RelatedReader(RelatedRepository(session), user)


RelatedDep = Annotated[RelatedReader, Depends(get_related)]


def extend_lists(routers: Iterable[APIRouter]) -> None:
    """Extend the list of each collection: a record may refer to one of any other."""
    collections = [resource_of(router) for router in routers]
    for resource in collections:
        extend_list(resource, relations_of(resource, collections))


def extend_list(resource: Resource, relations: Relations) -> None:
    item: Any = item_of(resource.read, relations)
    pages = PageWriter(resource.read, item)
    routes, listing = resource.router.routes, resource.listing
    routes[routes.index(listing)] = listing.with_endpoint(
        extended(resource, relations, pages),
        response_model=Page[item] | SparsePage,
        dependencies=[*listing.options["dependencies"], READS_STALE],
        **DOCUMENTED,
    )


def extended(resource: Resource, relations: Relations, pages: PageWriter) -> Endpoint:
    """Return the endpoint of the list, with `fields`, `include` and an entity tag."""
    read_page = resource.listing.adapter.endpoint

    @wraps(read_page)
    async def endpoint(
        *, request: Request, related: RelatedReader, query: Any, **values: Any
    ) -> Response:
        page = pages.validate(await read_page(query=query, **values))
        included = getattr(query, "include", ())
        if not (query.fields or included):
            return respond(request, pages.write(page))
        chosen = {name: relations[name] for name in included}
        columns = await related.columns(page.items, chosen)
        return respond(request, pages.write_some(page, query.fields, columns))

    own = signature(read_page).parameters
    query = list_query(query_of(resource, own["query"]), resource.read, relations)
    added = {
        "request": Request,
        "related": RelatedDep,
        "query": Annotated[query, Query()],
    }
    parameters = own | {name: keyword(name, each) for name, each in added.items()}
    return with_signature(endpoint, [*parameters.values()])


def keyword(name: str, annotation: Any) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation)


def query_of(resource: Resource, parameter: Parameter) -> type[PageQuery]:
    """Return the query that the endpoint takes, with all filters of the collection."""
    taken: type[PageQuery] = parameter.annotation.__origin__
    return taken if issubclass(taken, resource.query) else resource.query
