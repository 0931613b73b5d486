"""Validation of events against the definitions of OCSF, in schema.json.

That file has the attributes of four classes, and of the objects in them, as the
repository of OCSF defines them. An attribute that is not defined is a fault, too.
"""

import json
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

Json = dict[str, Any]
SCHEMA: Json = json.loads((Path(__file__).parent / "schema.json").read_text())
TYPES: dict[str, type | tuple[type, ...]] = {
    "string_t": str,
    "email_t": str,
    "username_t": str,
    "ip_t": str,
    "integer_t": int,
    "long_t": int,
    "timestamp_t": int,
    "boolean_t": bool,
    "json_t": (dict, list, str, int, float),
    "object": dict,
}


def faults(event: Json) -> list[str]:
    """Return what is wrong with an event; nothing if it is valid."""
    definition = SCHEMA["classes"].get(str(event["class_uid"]))
    if definition is None:
        return ["class_uid"]
    return [*wrong_numbers(event, definition), *wrong_parts(event, definition, "")]


def wrong_numbers(event: Json, definition: Json) -> Iterator[str]:
    if event["metadata"]["version"] != SCHEMA["version"]:
        yield "metadata.version"
    if event["category_uid"] != definition["category_uid"]:
        yield "category_uid"
    if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
        yield "type_uid"


def wrong_parts(values: Json, definition: Json, path: str) -> Iterator[str]:
    attributes = definition["attributes"]
    yield from (f"{path}{name}: not defined" for name in values.keys() - attributes)
    for name, attribute in attributes.items():
        if name in values:
            yield from wrong_value(values[name], attribute, f"{path}{name}")
        elif attribute.get("required"):
            yield f"{path}{name}: missing"
    choices = definition.get("at_least_one", ())
    if choices and not values.keys() & {*choices}:
        yield f"{path}: none of {choices}"


def wrong_value(value: Any, attribute: Json, path: str) -> Iterator[str]:
    if attribute.get("deprecated"):
        yield f"{path}: deprecated"
    if attribute.get("array"):
        one = {key: it for key, it in attribute.items() if key != "array"}
        for each in value:
            yield from wrong_value(each, one, path)
        return
    kind = attribute["type"]
    if kind in SCHEMA["objects"] and kind != "object":
        yield from wrong_parts(value, SCHEMA["objects"][kind], f"{path}.")
    elif not isinstance(value, TYPES[kind]):
        yield f"{path}: not {kind}"
    elif kind == "ip_t":
        ip_address(str(value))
    is_number_of_class = path in ("category_uid", "class_uid")
    if "enum" in attribute and not is_number_of_class:
        yield from () if str(value) in attribute["enum"] else (f"{path}: {value}",)
