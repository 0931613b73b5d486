"""Parsing of query strings, once per request and into strict models."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, get_args, get_origin
from urllib.parse import parse_qsl

from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from app.core.exceptions import ValidationFailedException
from app.core.schemas import Strict

MAX_PARAMETERS = 250
MAX_NAME = 100  # characters of a name that an error repeats
UNREADABLE = f"The query is not UTF-8, or has over {MAX_PARAMETERS} parameters"


class QueryReader:
    """Reader of query strings that rejects unknown and repeated parameters.

    The fields of the model are inspected once; FastAPI would do so for each request.
    """

    def __init__(self, model: type[Strict]) -> None:
        self.model = model
        fields = {it.alias or name: it for name, it in model.model_fields.items()}
        self.names = fields.keys()
        self.lists = {n for n, field in fields.items() if holds_many(field.annotation)}

    def read(self, raw: bytes) -> Strict:
        """Return the model.

        Raises:
            ValidationFailedException: a parameter is malformed, unknown or repeated; it
                names the first one.
            RequestValidationError: a value is not valid.
        """
        try:
            return self.model.model_validate(self.values_of(raw))
        except ValidationError as error:
            errors = error.errors(include_url=False)
            raise RequestValidationError(
                [{**each, "loc": ("query", *each["loc"])} for each in errors]
            ) from None

    @cached_property
    def defaults(self) -> Strict:
        """The model of an empty query, shared by all requests because it is frozen."""
        return self.read(b"")

    def values_of(self, raw: bytes) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, value in parse_query(raw):
            if name not in self.names:
                raise invalid_query(name, "extra_forbidden", "Unknown query parameter")
            if name in self.lists:
                values.setdefault(name, []).append(value)
            elif name in values:
                raise invalid_query(name, "repeated", "Repeated query parameter")
            else:
                values[name] = value
        return values


def reader_of(dependant: Dependant) -> tuple[str, QueryReader]:
    """Return the name of the argument for the query, or "" for none, and its reader.

    Raises:
        TypeError: the handler or a dependency has a query parameter other than one
            `Annotated[Model, Query()]` of the handler itself.
    """
    parameters = [*queries_of(dependant)]
    if not parameters:
        return "", QueryReader(Strict)
    first, *more = parameters
    model = first.field_info.annotation
    is_strict = isinstance(model, type) and issubclass(model, Strict)
    if more or not is_strict or not dependant.query_params:
        name = getattr(dependant.call, "__name__", "The handler")
        reason = f"describe the whole query, with {first.name}, in one Strict model"
        raise TypeError(f"{name}: {reason}: `query: Annotated[Model, Query()]`")
    return first.name, QueryReader(model)


def queries_of(dependant: Dependant) -> Iterator[Any]:
    yield from dependant.query_params
    for each in dependant.dependencies:
        yield from queries_of(each)


def holds_many(annotation: Any) -> bool:
    options = (annotation, *get_args(annotation))  # a list, or a list or null
    return any(get_origin(option) in (list, tuple) for option in options)


def parse_query(raw: bytes) -> list[tuple[str, str]]:
    if not raw:
        return []
    try:
        return parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError:
        raise invalid_query(None, "unreadable", UNREADABLE) from None


def invalid_query(
    name: str | None, kind: str, message: str
) -> ValidationFailedException:
    loc = ("query",) if name is None else ("query", name)
    msg = message if name is None else f"{message}: {name[:MAX_NAME]}"
    return ValidationFailedException([{"loc": loc, "type": kind, "msg": msg}])
