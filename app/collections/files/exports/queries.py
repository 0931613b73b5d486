"""Query parameters of an export: those of the list, without the ones of its pages."""

from typing import Annotated, Any

from pydantic import Field, ValidationError, create_model

from app.collections.files.formats.media import FileFormat
from app.core.exceptions import ValidationFailedException
from app.core.fields import Instant
from app.core.pagination import PageQuery
from app.core.schemas import Strict
from app.core.web.collections.resource import Resource

OF_PAGES = {"limit", "offset", "after", "count"}
FormatName = Annotated[FileFormat, Field(strict=False)]


class ExportQuery(Strict):
    """The parameter of every export; each collection adds those of its list."""

    format: FormatName = Field(
        FileFormat.CSV,
        description="`csv` for spreadsheets; `jsonl` has one JSON object a line, and "
        "loses nothing.",
    )
    as_of: Instant | None = Field(
        None,
        description="Export the list as it was at this instant: a snapshot, if it has "
        "passed. Cannot be combined with `sort`.",
    )

    def of_list(self) -> dict[str, Any]:
        """Return the parameters of the list that the request has."""
        given = self.model_fields_set - {"format", "as_of"}
        return {name: getattr(self, name) for name in given}


def export_query(query: type[PageQuery]) -> type[ExportQuery]:
    """Return the model of an export's parameters, given the list's."""
    fields: dict[str, Any] = {
        name: (field.annotation, field)
        for name, field in query.model_fields.items()
        if name not in OF_PAGES
    }
    name = query.__name__.replace("Query", "ExportQuery")
    return create_model(name, __base__=ExportQuery, **fields)


def list_query(resource: Resource, query: ExportQuery) -> PageQuery:
    """Return the query of the list with these parameters.

    Raises:
        ValidationFailedException: the list does not take them together.
    """
    try:
        return resource.query.model_validate(query.of_list())
    except ValidationError as error:
        errors = error.errors(include_url=False)
        located = [{**each, "loc": ("query", *each["loc"])} for each in errors]
        raise ValidationFailedException(located) from None
