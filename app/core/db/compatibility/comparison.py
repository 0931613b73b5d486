"""Tables and columns that autogenerate and `alembic check` leave alone."""

from collections.abc import MutableMapping
from typing import Any

from sqlmodel import SQLModel

from app.core.db.compatibility.table import NAME

# A key of `Table.info`: columns that the model no longer has, but the database still
# does, because the release before uses them. The next release drops them.
RETIRED = "retired"


def is_compared(
    name: str | None, kind: str, parents: MutableMapping[Any, str | None]
) -> bool:
    """Return whether to compare a part of the database (`include_name`)."""
    if kind in ("table", "index"):
        return name != NAME
    table = SQLModel.metadata.tables.get(str(parents.get("table_name")))
    return kind != "column" or table is None or name not in table.info.get(RETIRED, ())
