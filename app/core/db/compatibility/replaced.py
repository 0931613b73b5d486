"""Guarantees that a newer, compatible schema has replaced.

A release knows its own triggers and CHECK constraints. A difference that the newer
migrations left is no fault, any later one is.
"""

from typing import Any

from sqlalchemy import Connection, MetaData

from app.core.db.compatibility.table import NAME, recorded_definitions
from app.core.db.guarantees.comparison import Found, SchemaComparison, normalise
from app.core.db.guarantees.definitions import Check, Guarantee


def find_faults_since(
    connection: Connection, metadata: MetaData, revision: str
) -> list[str]:
    """Return a clause for each guarantee not in force, other than replaced ones.

    It costs a second statement only where there is a difference.
    """
    comparison = SchemaComparison(connection, metadata)
    faults = list(comparison.faults())
    recorded = faults and ("table", NAME) in comparison.found
    rows = connection.execute(recorded_definitions(revision)) if recorded else ()
    left: Found = {(row.kind, row.name): row for row in rows}
    return [
        f"{guarantee} {fault}"
        for guarantee, fault in faults
        if not left or not is_as_left(guarantee, comparison.found, left)
    ]


def is_as_left(guarantee: Guarantee, found: Found, left: Found) -> bool:
    """Return whether the migration left the guarantee as it is now, or without it."""
    if isinstance(guarantee, Check):  # on SQLite, part of the table's definition
        kinds = [("check", guarantee.name), ("table", guarantee.table)]
    else:
        kinds = [(guarantee.kind, guarantee.name)]
    return all(is_same_row(found.get(kind), left.get(kind)) for kind in kinds)


def is_same_row(found: Any, left: Any) -> bool:
    if found is None or left is None:
        return found is left
    return (
        bool(found.enabled)
        and normalise(found.definition) == normalise(left.definition)
        and normalise(found.function) == normalise(left.function)
    )
