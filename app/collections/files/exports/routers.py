"""HTTP for exports, which each collection has."""

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from inspect import getdoc, signature
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from app.auth.dependencies import CurrentUser
from app.auth.permissions.recheck import recheck
from app.collections.files.exports.names import NameColumns, without_fields
from app.collections.files.exports.queries import ExportQuery, export_query
from app.collections.files.exports.service import Exporter
from app.collections.files.formats.media import MEDIA_TYPES
from app.collections.files.services import reading_batch
from app.collections.lists.relations import Relations, relations_of
from app.core.db.session import DatabaseSession
from app.core.dependencies import READS_STALE
from app.core.web.collections.endpoints import Endpoint, bound, with_signature
from app.core.web.collections.resource import Resource, resource_of
from app.core.web.openapi import documented
from app.core.web.streams.file_stream import FileStream

TEXT = {"schema": {"type": "string"}}
EXPORTED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": dict.fromkeys(MEDIA_TYPES.values(), TEXT),
        "headers": {"Content-Disposition": TEXT | {"description": "Its name"}},
    }
}

NAMES = """

After the fields come the names of the records that they refer to, as `customer_name`
for `customer_id`, if you may read those."""


async def export(exporter: Exporter, query: ExportQuery) -> Response:
    """Return all records of the list as a file, under its filters, order and `q`.

    It is no snapshot without `as_of`: a record that is changed meanwhile is in the file
    as it was before or after. A file whose end is missing was interrupted.
    """
    name = f"{exporter.resource.plural}.{query.format}"
    file = FileStream(exporter.export(query), MEDIA_TYPES[query.format], name)
    return await file.begun()


def add_exports(routers: Iterable[APIRouter]) -> None:
    """Add the export to each collection: a record may refer to one of any other."""
    collections = [resource_of(router) for router in routers]
    for resource in collections:
        relations = relations_of(resource, collections)
        add_export(resource, without_fields(resource, relations))


def add_export(resource: Resource, relations: Relations) -> None:
    resource.router.get(
        "/export",
        name=f"export_{resource.plural}",
        response_class=Response,
        dependencies=[READS_STALE],
        response_model=None,
        description=f"{getdoc(export)}{NAMES if relations else ''}",
        responses=EXPORTED | documented(409, 410),
    )(export_of(resource, relations))


def export_of(resource: Resource, relations: Relations) -> Endpoint:
    """Return the endpoint, whose query has the parameters of the list."""
    endpoint = bound(export, exporter_of(resource, relations))
    first, query = signature(endpoint).parameters.values()
    model: Any = export_query(resource.query)
    annotation: Any = Annotated[model, Query()]
    return with_signature(endpoint, [first, query.replace(annotation=annotation)])


def exporter_of(
    resource: Resource, relations: Relations
) -> Callable[..., Awaitable[Exporter]]:
    async def get_exporter(
        request: Request,
        service: Annotated[Any, Depends(resource.get_service)],
        user: CurrentUser,
    ) -> Exporter:
        names = NameColumns.for_reader(relations, user)

        async def check(session: DatabaseSession) -> None:
            permission = f"{resource.plural}:read"
            names.check(await recheck(session, user, permission))

        reading = partial(reading_batch, request.app.state.health.database)
        return Exporter(resource, service, reading, check, names)

    return get_exporter
