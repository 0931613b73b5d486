"""Events of a stream: changes, and marks that only have a position."""

from collections.abc import Callable
from typing import NamedTuple

from app.audit.archive.seals.cursor import Position
from app.audit.cursors import encode_position
from app.audit.feed.entries import Entry, Event
from app.audit.ocsf.render import render_change

# Of a change, which is JSON, by the `format` of a query.
RENDER: dict[str, Callable[[str], str]] = {"json": str, "ocsf": render_change}
CHANGE, HEARTBEAT, RESET = "change", "heartbeat", "reset"


class Start(NamedTuple):
    """The first position of a stream; `is_reset` if it is not its client's last one."""

    position: Position
    is_reset: bool


def change_event(entry: Entry, style: str, *, sees_addresses: bool) -> Event:
    """Return the event, which is rendered once for all streams that get the same."""
    key = style, sees_addresses
    if (event := entry.rendered.get(key)) is None:
        shown = entry.complete if sees_addresses else entry.without_addresses
        cursor, data = encode_position(entry.position), RENDER[style](shown)
        event = entry.rendered[key] = Event(CHANGE, cursor, data)
    return event


def mark(name: str, position: Position) -> Event:
    cursor = encode_position(position)
    return Event(name, cursor, f'{{"complete_until":"{cursor}"}}')
