"""Entity, schemas and service of a collection, from its routes."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, get_type_hints

from fastapi import APIRouter

from app.core.db.derived.columns import base_names
from app.core.models import Entity
from app.core.pagination import SHOWING_FIELDS, PageQuery
from app.core.repository import BaseRepository
from app.core.schemas import Body, Read
from app.core.web.collections.null_filters import with_null_filters
from app.core.web.routing import Route

ONE, ALL = True, False
# Parameters that a collection's routes add to its query.
COMMON_PARAMETERS = SHOWING_FIELDS | {"as_of"}


@dataclass(frozen=True)
class Resource:
    """A collection; `id` is its path parameter (product_id), `name` its singular.

    `plural` is the name of the collection in its path (products). `query` has all of
    its filters.
    """

    router: APIRouter
    listing: Route
    reading: Route
    entity: type[Entity]
    read: type[Read]
    create: type[Body]
    update: type[Body]
    query: type[PageQuery]
    get_service: Callable[..., Any]
    id: str
    name: str
    plural: str

    @property
    def hides(self) -> bool:
        """Whether some records are hidden from some callers."""
        return any(map(overrides_visible, repositories_of(self.entity)))


def resource_of(router: APIRouter) -> Resource:
    """Derive a resource from its routes for GET and POST, GET and PATCH of a record.

    Raises:
        LookupError: the router has no such routes.
    """
    listing, creating = route_of(router, "GET", ALL), route_of(router, "POST", ALL)
    reading, changing = route_of(router, "GET", ONE), route_of(router, "PATCH", ONE)
    (id,) = reading.param_convertors
    entity: type[Entity] = hints_of(changing)["return"]
    read = check_fields(reading.response_model, entity)
    return Resource(
        router=router,
        listing=listing,
        reading=reading,
        entity=entity,
        read=read,
        create=hints_of(creating)["data"],
        update=hints_of(changing)["data"],
        query=check_filters(with_null_filters(query_of(listing), entity, read)),
        get_service=service_of(changing),
        id=id,
        name=id.removesuffix("_id"),
        plural=router.prefix.rpartition("/")[2],
    )


def check_filters(query: type[PageQuery]) -> type[PageQuery]:
    """Return the query; reject a filter named like a parameter of all collections.

    Raises:
        TypeError: there is one.
    """
    if taken := ", ".join(sorted(COMMON_PARAMETERS & query.model_fields.keys())):
        reason = "every collection has a parameter of this name"
        raise TypeError(f"{query.__name__} has a filter {taken}: {reason}")
    return query


def check_fields(read: type[Read], entity: type[Entity]) -> type[Read]:
    """Return the schema; reject fields that the rows of a list do not have.

    Raises:
        TypeError: there is one, such as a property of the entity.
    """
    fields = read.model_fields.items()
    names = {it.validation_alias or name for name, it in fields}
    lacking = {it for it in names if isinstance(it, str)} - base_names(entity.__table__)
    rows = [it for it in repositories_of(entity) if it.page is BaseRepository.page]
    if lacking and rows:
        raise TypeError(
            f"{read.__name__}: lists read rows of {entity.__table__}, without "
            f"{', '.join(sorted(lacking))}: compute it in the schema (computed_field), "
            "or derive the repository from EntityPageRepository"
        )
    return read


def overrides_visible(repository: type[BaseRepository[Any]]) -> bool:
    return repository.visible is not BaseRepository.visible


def repositories_of(
    entity: type[Entity], base: type[BaseRepository[Any]] = BaseRepository
) -> Iterator[type[BaseRepository[Any]]]:
    for each in base.__subclasses__():
        yield from repositories_of(entity, each)
        if getattr(each, "model", None) is entity:
            yield each


def hints_of(route: Route) -> dict[str, Any]:
    return get_type_hints(inspect.unwrap(route.endpoint), include_extras=True)


def service_of(route: Route) -> Callable[..., Any]:
    # Annotated[Service, Depends(get_service)]
    (depends,) = hints_of(route)["service"].__metadata__
    get_service: Callable[..., Any] = depends.dependency
    return get_service


def query_of(listing: Route) -> type[PageQuery]:
    # Annotated[ProductQuery, Query()]
    query: type[PageQuery] = hints_of(listing)["query"].__origin__
    return query


def route_of(router: APIRouter, method: str, of_record: bool) -> Route:
    """Return the route of the collection itself, or of one record."""
    for route in router.routes:
        if isinstance(route, Route) and route.methods == {method}:
            path = route.path.removeprefix(router.prefix)
            one = path.startswith("/{") and path.endswith("}") and path.count("/") == 1
            if one if of_record else not path:
                return route
    raise LookupError(f"{router.prefix} has no route to {method} it")
