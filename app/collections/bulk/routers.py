"""HTTP for bulk requests: many writes of one collection."""

from inspect import signature
from typing import Any

from fastapi import APIRouter, Request, Response

from app.auth.permissions.actions import actions_by
from app.collections.bulk.collection_schemas import BulkSchemas, schemas_of
from app.collections.bulk.dependencies import BulkRoute, actions_of, service_of
from app.collections.bulk.exceptions import located
from app.collections.bulk.outcomes import Outcome
from app.collections.bulk.schemas import Bulk, BulkFailure, BulkResult
from app.collections.bulk.service import BulkService
from app.core.exceptions import AppException
from app.core.handlers import describe_error
from app.core.web.collections.endpoints import Endpoint, bound, with_signature
from app.core.web.collections.resource import resource_of
from app.core.web.openapi import documented

MULTI_STATUS = 207


@actions_by(actions_of)
async def bulk(
    service: BulkService, data: Bulk, request: Request, response: Response
) -> BulkResult:
    """Create, update and delete up to 1000 records in one transaction.

    Each item is treated as a request of its own: the same rules, and `if_match` instead
    of the header `If-Match`. By default, nothing is done if one of them fails: the code
    is then `bulk_failed`, and `errors` has the problems of all items. With `"atomic":
    false` the others are done; the answer is 207, with the problem of each failure.
    """
    conditions = service.service.preconditions
    conditions.require_none("Send if_match with each item, instead of a header")
    outcomes = await service.run(data.items, data.atomic)
    if not data.atomic:
        response.status_code = MULTI_STATUS
    path = request.scope["path"]
    items = [shown(path, place, each) for place, each in enumerate(outcomes)]
    failed = sum(isinstance(item, BulkFailure) for item in items)
    return service.schemas.result.model_construct(failed=failed, items=items)


def shown(path: str, place: int, outcome: Outcome) -> Any:
    if not isinstance(outcome, AppException):
        return outcome
    outcome.errors = located(place, outcome)
    problem = describe_error(path, outcome)
    return BulkFailure.model_construct(status=outcome.status, problem=problem)


def add_bulk(router: APIRouter) -> None:
    """Add the route to a guarded router."""
    resource = resource_of(router)
    schemas = schemas_of(resource)
    responses = documented(404, 412)
    responses[MULTI_STATUS] = {"model": schemas.result, "description": "Multi-Status"}
    router.add_api_route(
        "/bulk",
        with_body(bound(bulk, service_of(resource, schemas)), schemas),
        name=f"bulk_{resource.plural}",
        methods=["POST"],
        response_model=schemas.result,
        response_model_exclude_unset=True,
        responses=responses,
        route_class_override=BulkRoute,
    )


def with_body(endpoint: Endpoint, schemas: BulkSchemas) -> Endpoint:
    """Return the endpoint with the collection's own schema for its body."""
    service, data, *others = signature(endpoint).parameters.values()
    body = data.replace(annotation=schemas.request)
    return with_signature(endpoint, [service, body, *others])
