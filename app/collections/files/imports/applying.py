"""Execution of a plan by the service of the collection, in the caller's transaction."""

from collections import Counter
from typing import Any

from app.collections.files.formats.errors import RowError, RowFault
from app.collections.files.imports.planning.steps import ImportStep, Plan
from app.collections.files.imports.schemas import ImportReport
from app.collections.files.services import Service
from app.collections.writes.steps import Step
from app.collections.writes.writer import Writer
from app.core.exceptions import AppException


async def apply(plan: Plan, service: Service) -> ImportReport:
    """Execute the steps; return what was done, and which rows were refused."""
    report = ImportReport(unchanged=plan.unchanged)
    report.add_errors(plan.sorted_errors())
    outcomes = await Writer(service, op_of).run([*map(write_of, plan.steps)])
    done: Counter[str] = Counter()
    for step, outcome in zip(plan.steps, outcomes, strict=True):
        if isinstance(outcome, AppException):
            report.add_errors(errors_of(outcome, step.row))
        else:
            done[outcome] += 1
    report.created += done["create"]
    report.updated += done["update"]
    return report


def write_of(step: ImportStep) -> Step:
    if step.id is None:
        return Step("create", data=step.data)
    return Step("update", step.id, step.version, step.data)


def op_of(step: Step, _: Any) -> str:
    return step.op


def errors_of(error: AppException, row: int) -> list[RowError]:
    errors = [field for field in error.errors if field["loc"]]
    if errors:
        return RowFault.of_fields(errors).of_row(row)
    return RowFault([(None, error.code, error.detail)]).of_row(row)
