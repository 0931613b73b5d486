"""Events of a stream: changes, and marks that only have a position."""

from collections.abc import Callable
from typing import NamedTuple

from app.audit.archive.seals.cursor import Position
from app.audit.cursors import encode_position
from app.audit.feed.entries import Entry

Render = Callable[[str], str]  # of a change, which is JSON

CHANGE, HEARTBEAT, RESET = "change", "heartbeat", "reset"


class Event(NamedTuple):
    name: str
    cursor: str
    data: str


class Start(NamedTuple):
    """The first position of a stream; `is_reset` if it is not its client's last one."""

    position: Position
    is_reset: bool


def change_event(entry: Entry, render: Render, *, sees_addresses: bool) -> Event:
    data = entry.complete if sees_addresses else entry.without_addresses
    return Event(CHANGE, encode_position(entry.position), render(data))


def mark(name: str, position: Position) -> Event:
    cursor = encode_position(position)
    return Event(name, cursor, f'{{"complete_until":"{cursor}"}}')
