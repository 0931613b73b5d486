"""HTTP for imports, which each collection of a domain has."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse

from app.auth.dependencies import CurrentUser
from app.auth.permissions.actions import actions_by
from app.collections.files.formats.media import MEDIA_TYPES
from app.collections.files.imports.dependencies import (
    FileRoute,
    ReceivedFileDep,
    actions_of,
    receive_file,
)
from app.collections.files.imports.importer import Importer
from app.collections.files.imports.planning.target import unique_fields
from app.collections.files.imports.schemas import ImportQuery, ImportReport
from app.core.web.before_commit import Replay
from app.core.web.collections.endpoints import bound
from app.core.web.collections.resource import Resource, resource_of
from app.core.web.openapi import documented

TEXT = {"schema": {"type": "string"}}
BODY = dict.fromkeys(MEDIA_TYPES.values(), TEXT)
PARTLY = {"model": ImportReport, "description": "Imported, but for rows with errors"}


@actions_by(actions_of)
async def import_file(
    importer: Importer, query: Annotated[ImportQuery, Query()]
) -> ImportReport | JSONResponse:
    """Create and change records as the rows of a file say.

    The file is validated whole before anything is written. It has the columns of an
    export, or some of them; a `version` guards against overwriting a later change.
    """
    conditions = importer.service.preconditions
    conditions.require_none("Give each row its version, instead of a header")
    report = await importer.run(query)
    if query.dry_run:
        # It ends the transaction, which is rolled back.
        raise Replay(JSONResponse(report.model_dump()))
    return JSONResponse(report.model_dump(), 207) if report.errors else report


def add_import(router: APIRouter) -> None:
    """Add the import to a guarded router of a domain."""
    resource = resource_of(router)
    router.add_api_route(
        "/import",
        bound(import_file, importer_of(resource)),
        methods=["POST"],
        name=f"import_{resource.plural}",
        response_model=ImportReport,
        responses=documented(413, 415) | {207: PARTLY},
        dependencies=[Depends(receive_file)],
        openapi_extra={"requestBody": {"required": True, "content": BODY}},
        route_class_override=FileRoute,
    )


def import_keys(routers: Iterable[APIRouter]) -> dict[str, list[str]]:
    """Return the fields by which rows may find their records, by entity."""
    resources = map(resource_of, routers)
    return {it.entity.__name__: sorted(unique_fields(it)) for it in resources}


def importer_of(resource: Resource) -> Callable[..., Awaitable[Importer]]:
    async def get_importer(
        request: Request,
        service: Annotated[Any, Depends(resource.get_service)],
        user: CurrentUser,
        file: ReceivedFileDep,
    ) -> Importer:
        database = request.app.state.health.database
        return Importer(resource, service, user, file, database)

    return get_importer
