"""Attributes of an OCSF event, each with its source, and an event made of them."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

Json = dict[str, Any]
Read = Callable[[Any], Any]


class Attribute(NamedTuple):
    """An attribute by its path. `source` names the fields of the log, for the guide."""

    path: str
    source: str
    read: Read


def field(path: str, name: str) -> Attribute:
    """Return an attribute that has the value of a field."""
    return Attribute(path, f"`{name}`", lambda entry: getattr(entry, name))


def build(attributes: Iterable[Attribute], entry: Any) -> Json:
    """Return the event of an entry of a log. None, and an empty text, are left out."""
    event: Json = {}
    for path, _, read in attributes:
        value = read(entry)
        if value is None or value == "":
            continue
        *parents, name = path.split(".")
        place = event
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = value
    return event
