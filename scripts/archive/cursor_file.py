"""The file in which an export keeps where it has come to, in each log."""

import os
import re
from pathlib import Path
from typing import Any

import orjson

from app.audit.archive.exceptions import UsageException
from app.audit.archive.logs import LogName
from app.audit.schemas import CHANGE_CURSOR, CURSOR

Cursors = dict[str, str]


def is_cursor(text: Any) -> bool:
    shapes = (CURSOR, CHANGE_CURSOR)
    return isinstance(text, str) and any(re.fullmatch(each, text) for each in shapes)


def is_cursors(found: Any) -> bool:
    is_dict = isinstance(found, dict) and found.keys() <= {*LogName}
    return is_dict and all(map(is_cursor, found.values()))


class CursorFile:
    """Written after the rows: they are exported again if that does not happen."""

    def __init__(self, path: str) -> None:
        self.path = Path(path) if path else None

    def read(self) -> Cursors:
        """Return the cursors; none if there is no file yet."""
        if self.path is None or not self.path.exists():
            return {}
        try:
            found = orjson.loads(self.path.read_bytes())
        except ValueError:
            found = None
        if not is_cursors(found):
            raise UsageException(f"{self.path} has no cursors: it is another file")
        cursors: Cursors = found
        return cursors

    def write(self, cursors: Cursors) -> None:
        """Replace the file at once, so that a crash leaves the old or the new one."""
        if self.path is None:
            return
        new = self.path.with_name(f"{self.path.name}.new")
        with new.open("wb") as file:
            file.write(orjson.dumps(cursors, option=orjson.OPT_APPEND_NEWLINE))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)
