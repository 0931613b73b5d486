"""Operations, fields and valid bodies, read from the OpenAPI document.

A new domain is therefore tested without further code.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app.core.clock import now
from app.main import app

Json = dict[str, Any]

DOCUMENT = app.openapi()
# Values of required fields that have no example in the document.
SAMPLES = {
    "email": "someone@example.com",
    "uuid": "018f3c1e-7a2b-7c3d-8e4f-0123456789ab",
    "date-time": "2026-01-31T09:30:00Z",
}
# Values that must lie in the future, which no example of the document does for long.
FUTURE = {"expires_at": f"{now() + timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}"}


@dataclass(frozen=True, eq=False)
class Operation:
    method: str
    path: str
    body: Json
    query: Json
    required: Json  # values of the query parameters that it needs

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def example(self) -> Json:
        """Return the smallest valid body."""
        fields = self.body["properties"]
        needed = self.body.get("required", ())
        return {name: FUTURE.get(name) or sample(fields[name]) for name in needed}


@dataclass(frozen=True, eq=False)
class Field:
    """A field of a body, or a query parameter."""

    operation: Operation
    name: str
    schema: Json = field(repr=False)

    def __str__(self) -> str:
        return f"{self.operation} {self.name}"


def resolve(schema: Json) -> Json:
    """Resolve a reference, or an optional schema."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return resolve(DOCUMENT["components"]["schemas"][name])
    options = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    return resolve(options[0]) | {"nullable": True} if options else schema


def sample(schema: Json) -> Any:
    schema = resolve(schema)
    text = SAMPLES.get(schema.get("format", ""), "x" * schema.get("minLength", 1))
    values = [schema["const"]] if "const" in schema else schema.get("enum", [text])
    return schema.get("examples", values)[0]


def read_operation(method: str, path: str, operation: Json) -> Operation:
    media = operation.get("requestBody", {}).get("content", {})
    body = media.get("application/json", {}).get("schema", {})
    given = [it for it in operation.get("parameters", ()) if it["in"] == "query"]
    query = {it["name"]: it["schema"] for it in given}
    required = {it["name"]: sample(it["schema"]) for it in given if it["required"]}
    return Operation(method.upper(), path, resolve(body), query, required)


OPERATIONS = [
    read_operation(method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    # tests/auth covers authentication, which counts attempts and ends sessions. The id
    # of a request may be any word. A stream has no end; tests/audit/feed covers it.
    if "/auth/" not in path
    and "{request_id}" not in path
    and not path.endswith("/stream")
]
WRITERS = [
    each
    for each in OPERATIONS
    if "properties" in each.body and "current_password" not in each.body["properties"]
]
LISTS = [each for each in OPERATIONS if "offset" in each.query]
# Cursor-paginated collections of the audit.
LOGS = [each for each in OPERATIONS if "cursor" in each.query]
RECORDS = [
    each for each in OPERATIONS if each.method == "GET" and each.path.endswith("}")
]

Kind = Callable[[Json], bool]


def body_fields(kind: Kind) -> list[Field]:
    return [
        Field(operation, name, resolve(schema))
        for operation in WRITERS
        for name, schema in operation.body["properties"].items()
        if kind(resolve(schema))
    ]


def query_fields(kind: Kind) -> list[Field]:
    return [
        Field(operation, name, resolve(schema))
        for operation in OPERATIONS
        for name, schema in operation.query.items()
        if kind(resolve(schema))
    ]


def is_string(schema: Json) -> bool:
    return schema.get("type") == "string"


def is_text(schema: Json) -> bool:
    """Return whether this is free text, without an enum, a format or a pattern."""
    return is_string(schema) and not {"enum", "format", "pattern"} & schema.keys()


def is_name(schema: Json) -> bool:
    return is_text(schema) and schema.get("minLength", 0) > 0


def has_pattern(schema: Json) -> bool:
    return is_string(schema) and "pattern" in schema


def is_integer(schema: Json) -> bool:
    return schema.get("type") == "integer"


def is_timestamp(schema: Json) -> bool:
    return schema.get("format") == "date-time"


def is_email(schema: Json) -> bool:
    return schema.get("format") == "email"


def is_id(schema: Json) -> bool:
    return schema.get("format") == "uuid"
