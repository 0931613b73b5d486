"""Reader of an object, one part after the other.

A request for all of it would have to end in time, while its rows are compared.
"""

from io import RawIOBase
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore
from typing_extensions import Buffer

from app.audit.archive.store.errors import is_beyond_end, translate_errors

if TYPE_CHECKING:
    from obstore import GetOptions

PART_BYTES = 1 << 20


class ObjectReader(RawIOBase):
    """Each part is of the version that the first one was of."""

    def __init__(self, objects: ObjectStore, location: str, name: str) -> None:
        self.objects = objects
        self.location = location
        self.name = name
        self.version: str | None = None
        self.end = self.size = 0  # of the parts read so far, and of the object
        self.part = memoryview(self.read_part())

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        if not self.part and self.end < self.size:
            self.part = memoryview(self.read_part())
        target = memoryview(buffer)
        taken = self.part[: len(target)]
        target[: len(taken)] = taken
        self.part = self.part[len(taken) :]
        return len(taken)

    def read_part(self) -> bytes:
        options: GetOptions = {"range": (self.end, self.end + PART_BYTES)}
        if self.version:
            options["if_match"] = self.version
        with translate_errors(self.location, self.name):
            try:
                found = obstore.get(self.objects, self.name, options=options)
            except BaseError as error:
                if self.end == 0 and is_beyond_end(error):  # the object is empty
                    return b""
                raise
            self.version, self.size = found.meta["e_tag"], found.meta["size"]
            content = bytes(found.bytes())
        self.end += len(content)
        return content
