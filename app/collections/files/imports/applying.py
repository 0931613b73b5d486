"""Execution of a plan by the service of the collection, in the caller's transaction."""

from collections.abc import Iterator, Sequence
from copy import copy
from itertools import groupby
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from app.collections.files.formats.errors import RowError, RowFault
from app.collections.files.imports.planning.steps import Plan, Step
from app.collections.files.imports.schemas import ImportReport
from app.core.db.session import DatabaseSession
from app.core.exceptions import AppException
from app.core.service import CrudService
from app.core.web.etag import UNCONDITIONAL, Preconditions, format_etag

Service = CrudService[Any, Any, Any]


def service_in(session: DatabaseSession, service: Service) -> Service:
    """Return a copy of the service that uses this session."""
    other = copy(service)
    other.repository = type(service.repository)(session)
    other.preconditions = UNCONDITIONAL
    return other


def is_refused_by_database(error: AppException) -> bool:
    return isinstance(error.__cause__, SQLAlchemyError)


async def apply(plan: Plan, service: Service) -> ImportReport:
    """Execute the steps; return what was done, and which rows a rule forbids.

    Raises:
        AppException: the database has refused a row, and ended the transaction.
    """
    report = ImportReport(unchanged=plan.unchanged)
    report.add_errors(plan.sorted_errors())
    for steps in runs_of(plan.steps, service):
        try:
            await execute(steps, service)
        except AppException as error:
            if is_refused_by_database(error):
                raise
            report.add_errors(errors_of(error, steps[0].row))
        else:
            updates = steps[0].id is not None
            report.updated += len(steps) * updates
            report.created += len(steps) * (not updates)
    return report


def runs_of(steps: Sequence[Step], service: Service) -> Iterator[list[Step]]:
    """Yield updates one by one, and creations together if no rule is about one."""
    kind = type(service)
    together = kind.create is CrudService.create
    for creates, run in groupby(steps, lambda step: together and step.id is None):
        if creates:
            yield [*run]
        else:
            yield from ([step] for step in run)


async def execute(steps: list[Step], service: Service) -> None:
    first = steps[0]
    if first.id is not None:
        tag = first.version and format_etag(int(first.version))
        service.preconditions = Preconditions(tag or None)
        await service.update(first.id, first.data)
    elif len(steps) == 1:
        await service.create(first.data)
    else:
        await service.create_many([step.data for step in steps])


def errors_of(error: AppException, row: int) -> list[RowError]:
    errors = [field for field in error.errors if field["loc"]]
    if errors:
        return RowFault.of_fields(errors).of_row(row)
    return RowFault([(None, error.code, error.detail)]).of_row(row)
