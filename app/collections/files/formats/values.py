"""Values of JSON for the cells of a CSV file, by the types of their fields."""

import re
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.collections.files.formats.cells import read_cell
from app.core.fields import INTEGER_PATTERN

Values = dict[str, Any]
# A spreadsheet writes TRUE for true.
FLAGS = {"true": True, "false": False}


def types_of(annotation: Any) -> set[Any]:
    """Return the types of a union, without what annotates them."""
    parts = get_args(annotation)
    if not parts:
        return {annotation}
    if hasattr(annotation, "__metadata__"):
        return types_of(annotation.__origin__)
    return set[Any]().union(*map(types_of, parts))


def parse_cell(cell: str, field: FieldInfo) -> Any:
    """Return the value of JSON that a cell means, or its text if it means none.

    Validation then says what is wrong with the text.
    """
    text, types = read_cell(cell), types_of(field.annotation)
    if not text:
        return None if NoneType in types else text
    if bool in types:
        return FLAGS.get(text.lower(), text)
    if int in types and re.fullmatch(INTEGER_PATTERN, text):
        return int(text)
    return text


def parse_cells(cells: Values, schema: type[BaseModel]) -> Values:
    """Return the values of JSON of a row's cells, which are fields of the schema."""
    return {
        name: parse_cell(cell, schema.model_fields[name])
        for name, cell in cells.items()
    }


def without_defaults(cells: Values, schema: type[BaseModel]) -> Values:
    """Leave out the empty cells that mean the default: in them is no text or null."""
    fields = schema.model_fields
    return {name: it for name, it in cells.items() if it or takes_empty(fields[name])}


def takes_empty(field: FieldInfo) -> bool:
    types = types_of(field.annotation)
    return field.is_required() or not types.isdisjoint({str, NoneType})
