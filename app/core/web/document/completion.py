"""Completion of the OpenAPI document: what requires the whole of it."""

from collections.abc import Container, Iterator
from typing import Any

from pydantic.json_schema import JsonSchemaValue

from app.core.field_types.query_values import EXPLODE
from app.core.problem import Problem
from app.core.web.document import rate_limits, response_headers
from app.core.web.document.rate_limits import add_limits
from app.core.web.document.response_headers import add_headers
from app.core.web.openapi import REFERENCE, Json, documented

SECTIONS = {
    "auth": "Login, sessions and the signed-in user.",
    "audit": "The logs of changes and requests, with proofs.",
    "health": "Probes of supervisors and load balancers.",
}

HEADERS = response_headers.DESCRIPTIONS | rate_limits.DESCRIPTIONS

# Linters of documents ask for both. State your own.
INFO: Json = {
    "contact": {"name": "The operators of this API"},
    "license": {
        "name": "All rights reserved",
        "identifier": "LicenseRef-All-Rights-Reserved",
    },
}


def complete(document: Json, never_limited: Container[str]) -> None:
    """Add errors and headers to all operations; name schemas, tags and the operator."""
    document["info"] |= INFO
    problem = Problem.model_json_schema(ref_template=REFERENCE)
    parts = problem.pop("$defs", {})
    schemas = document["components"]["schemas"]
    schemas |= {Problem.__name__: problem, **parts}
    document["components"]["headers"] = {
        name: {"description": text, "schema": {"type": "string"}}
        for name, text in HEADERS.items()
    }
    # Pydantic names a generic model Page_ProductRead_, regardless of its title.
    titles = {name: it["title"] for name, it in schemas.items() if name.endswith("_")}
    rename_schemas(document, titles)
    operations = [it for path in document["paths"].values() for it in path.values()]
    for operation in operations:
        complete_operation(operation, operation["operationId"] not in never_limited)
    names = dict.fromkeys(tag for it in operations for tag in it.get("tags", ()))
    document["tags"] = [describe_tag(name) for name in names]
    describe_pairs(schemas)


def describe_pairs(schemas: Json) -> None:
    """Describe pairs by `items`, which linters want, instead of `prefixItems`.

    Of both, generators make arrays of three.
    """
    for node in nodes_of(schemas):
        if parts := node.pop("prefixItems", None):
            node["items"] = {"anyOf": parts} if parts[0] != parts[-1] else parts[0]


def describe_tag(name: str) -> Json:
    description = SECTIONS.get(name, f"All operations on {name}.")
    return {"name": name, "description": description}


def add_addresses(document: Json, root_path: str) -> None:
    """Add the server, and the path at the proxy to the URLs of tokens.

    Not all clients take it from `servers`.
    """
    document["servers"] = [{"url": root_path or "/"}]
    for scheme in document["components"].get("securitySchemes", {}).values():
        for flow in scheme.get("flows", {}).values():
            flow["tokenUrl"] = root_path + flow["tokenUrl"]


def rename_schemas(document: Json, names: dict[str, str]) -> None:
    schemas = document["components"]["schemas"]
    for old, new in names.items():
        schemas[new] = schemas.pop(old)
    references = {reference_to(old): reference_to(new) for old, new in names.items()}
    for node in nodes_of(document):
        if node.get("$ref") in references:
            node["$ref"] = references[node["$ref"]]


def reference_to(name: str) -> str:
    return REFERENCE.format(model=name)


def nodes_of(document: Any) -> Iterator[Json]:
    """Yield every JSON object of the document, itself included."""
    if isinstance(document, dict):
        yield document
    for each in document.values() if isinstance(document, dict) else document:
        if isinstance(each, dict | list):
            yield from nodes_of(each)


def complete_operation(operation: Json, is_limited: bool) -> None:
    """Add headers, and refusals of a guarded route; remove null from parameters."""
    if "requestBody" not in operation:
        operation["responses"].pop("415", None)
    if operation.setdefault("security", []):
        refusals = {str(status): each for status, each in documented(401, 403).items()}
        operation["responses"] = refusals | operation["responses"]
        if is_limited:
            add_limits(operation["responses"])
    operation["responses"] = dict(sorted(operation["responses"].items()))
    add_headers(operation)
    for parameter in operation.get("parameters", ()):
        schema = parameter["schema"] = without_null(parameter["schema"])
        if EXPLODE in schema:
            parameter |= {"style": "form", EXPLODE: schema.pop(EXPLODE)}
            del schema["default"]


def without_null(schema: JsonSchemaValue) -> JsonSchemaValue:
    kinds = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
    if not kinds:
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**rest, **(kinds[0] if len(kinds) == 1 else {"anyOf": kinds})}
