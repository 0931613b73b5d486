"""Checks for what the database would refuse: taken values and missing references.

The database decides when the rows are written. It names no row, and ends the
transaction with the first that it refuses.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from app.collections.files.formats.errors import RowFault
from app.collections.files.imports.planning.repository import ImportRepository
from app.collections.files.imports.planning.steps import ImportStep
from app.collections.files.imports.planning.target import Target
from app.core.db.constraints import missing_reference

Fault = tuple[ImportStep, RowFault]
Found = Iterator[Fault]
Given = list[tuple[ImportStep, Any]]


class ConstraintCheck:
    def __init__(self, target: Target, stored: ImportRepository) -> None:
        self.target, self.stored = target, stored

    async def faults(self, steps: Sequence[ImportStep]) -> list[Fault]:
        found: list[Fault] = []
        for name in self.target.unique:
            found += await self.taken(name, given(steps, name))
        for name in self.target.references:
            found += await self.missing(name, given(steps, name))
        return found

    async def taken(self, name: str, values: Given) -> Found:
        """Return the steps whose value another record has, or an earlier step."""
        stored = [(step, self.target.stored(name, value)) for step, value in values]
        column = self.target.unique[name]
        owners = await self.stored.owners(column, {value for _, value in stored})
        return refused(name, stored, owners)

    async def missing(self, name: str, values: Given) -> Found:
        key = self.target.references[name]
        existing = await self.stored.existing(key, {value for _, value in values})
        fault = RowFault.of_fields([missing_reference(name)])
        return iter([(step, fault) for step, it in values if it not in existing])


def given(steps: Sequence[ImportStep], name: str) -> Given:
    """Return the steps that set the field, with its value."""
    having = [step for step in steps if name in step.data.model_fields_set]
    values = [(step, getattr(step.data, name)) for step in having]
    return [(step, value) for step, value in values if value is not None]


def refused(name: str, values: Given, owners: dict[Any, Any]) -> Found:
    fault = RowFault([(name, "conflict", f"Another record has the same {name}")])
    earlier: set[Any] = set()
    for step, value in values:
        if value in earlier or owners.get(value, step.id) != step.id:
            yield step, fault
        earlier.add(value)
