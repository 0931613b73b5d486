"""Values of the change log in SQL, in the form in which a table stores them."""

from typing import Any

from sqlalchemy import (
    JSON,
    REAL,
    Column,
    ColumnElement,
    DateTime,
    Enum,
    Numeric,
    String,
    Text,
    Time,
    Uuid,
    case,
    cast,
    func,
    literal_column,
    type_coerce,
)

from app.audit.history.columns import recorded_columns
from app.audit.repository import CHANGES
from app.core.db.columns import implementation
from app.core.models import Entity

Expression = ColumnElement[Any]
DIGITS = 10  # of a version, as text


class RecordedValues:
    """The values that columns of a model had before the first of some changes.

    An aggregate finds it without a join: the least text that begins with a version.
    The value follows as JSON, so that null is a value, too.
    """

    def __init__(self, dialect: str, model: type[Entity]) -> None:
        self.dialect, self.model = dialect, model

    def earliest(self, column: str) -> Expression:
        """Return the aggregate of the first change that has the column; else NULL."""
        names = recorded_columns(self.model, column)
        values = [self.document(name) for name in names]
        value = func.coalesce(*values) if values[1:] else values[0]
        return func.min(self.version().concat(value))

    def document(self, name: str) -> Expression:
        """Return the JSON text of a member of `old`; NULL if there is none."""
        if self.dialect == "sqlite":
            member: ColumnElement[str] = literal_column(f"""'$."{name}"'""")
            value = func.json_quote(func.json_extract(CHANGES.c.old, member))
            has = func.json_type(CHANGES.c.old, member).is_not(None)
            return case((has, value))
        return cast(CHANGES.c.old.op("->")(literal_column(f"'{name}'")), Text)

    def version(self) -> Expression:
        if self.dialect == "sqlite":
            return func.printf(f"%0{DIGITS}d", CHANGES.c.version, type_=Text())
        text = func.lpad(cast(CHANGES.c.version, Text), DIGITS, "0", type_=Text())
        return text.collate("C")

    def stored(self, earliest: Expression, column: Column[Any]) -> Expression:
        """Return the value in an aggregate, as the column's table stores it."""
        document = func.substr(earliest, DIGITS + 1, type_=Text())
        if self.dialect == "sqlite":
            value = func.json_extract(document, literal_column("'$'"), type_=Text())
            return type_coerce(on_sqlite(value, column), column.type)
        text: Expression = cast(document, JSON).op("#>>")(literal_column("'{}'"))
        text = named(text, column)
        # A cast would cut a text that is longer than the column is now.
        is_text = isinstance(implementation(column.type), String)
        return type_coerce(text, column.type) if is_text else cast(text, column.type)


def on_sqlite(value: Expression, column: Column[Any]) -> Expression:
    """Return SQLite's spelling of a value, where it is not the one of JSON."""
    kind = implementation(column.type)
    if isinstance(kind, Uuid):
        return func.replace(value, "-", "")
    if isinstance(kind, DateTime | Time):
        moment = func.replace(func.rtrim(value, "Z"), "T", " ", type_=Text())
        has_fraction = func.instr(value, ".") > 0
        return case((has_fraction, moment), else_=moment.concat(".000000"))
    if isinstance(kind, Numeric):
        return cast(value, REAL)
    # Also a number, which only a write past the application stores.
    return named(cast(value, Text), column) if isinstance(kind, String) else value


def named(text: Expression, column: Column[Any]) -> Expression:
    """Return the name of an enum's value, if the table stores names."""
    kind = column.type
    if not isinstance(kind, Enum) or kind.enum_class is None:
        return text
    names = {str(it.value): it.name for it in kind.enum_class if it.name in kind.enums}
    return case(names, value=text, else_=text) if names else text
