"""Archive files as objects in a bucket."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from hashlib import sha256
from io import BufferedReader, BytesIO
from pathlib import PurePosixPath
from typing import BinaryIO

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import ObjectStore

from app.audit.archive.exceptions import StoreException, VerificationException
from app.audit.archive.logs import LogName
from app.audit.archive.store.errors import is_beyond_end, translate_errors
from app.audit.archive.store.object_reader import PART_BYTES, ObjectReader
from app.audit.archive.store.replacing import replace_object
from app.audit.archive.store.store import ADOPT, UNPROVEN, Store
from app.core.text import printable

CHANGED = "The archive {} fails: {} was written while it was replaced"
UNSAFE = (
    "The archive {} replaces objects: its server ignores If-None-Match. Use another "
    "server, or a folder"
)


class BucketStore(Store):
    """An object is complete or not there; that none is replaced is the server's work.

    A server that ignores the condition is refused, before any row is deleted.
    """

    def __init__(self, objects: ObjectStore, location: str) -> None:
        self.objects = objects
        self.location = location
        self.is_conditional = False
        self.replaceable: set[str] = set()
        with translate_errors(location):  # such as a bucket that does not exist
            obstore.list_with_delimiter(objects)

    def list_paths(self, log: LogName) -> list[str]:
        return [printable(path) for path in self.list_below(log.value)]

    def list_below(self, folder: str) -> list[str]:
        with translate_errors(self.location):
            found = obstore.list(self.objects, folder).collect()
        return [each["path"] for each in found]

    def list_irregular(self, log: LogName) -> list[str]:
        return []

    def open_file(self, name: str) -> AbstractContextManager[BinaryIO]:
        reader = ObjectReader(self.objects, self.location, name)
        return BufferedReader(reader, PART_BYTES)

    def read_range(self, name: str, start: int, end: int) -> bytes:
        with translate_errors(self.location, name):
            try:
                found = obstore.get_range(self.objects, name, start=start, end=end)
            except BaseError as error:
                if is_beyond_end(error):
                    return b""
                raise
        return bytes(found)

    @contextmanager
    def open_atomic(self, name: str) -> Iterator[BinaryIO]:
        file = BytesIO()
        yield file
        with translate_errors(self.location, name):
            self.put(name, file.getvalue())

    def put(self, name: str, content: bytes) -> None:
        """Write an object; refuse a server that would replace it.

        One with this content is there if the answer to an earlier request was lost, or
        if a request that had ended in a time-out took effect later.
        """
        try:
            self.create(name, content)
        except AlreadyExistsError:
            if self.hash_file(name) != sha256(content).hexdigest():
                self.replace(name, content)
        if not self.is_conditional:
            with suppress(AlreadyExistsError):
                self.create(name, content)
                raise StoreException(UNSAFE.format(self.location))
            self.is_conditional = True

    def replace(self, name: str, content: bytes) -> None:
        """Write an object of an unfinished file again.

        Raises:
            VerificationException: it is of no such file.
            StoreException: a late request wrote it meanwhile.
        """
        if name not in self.replaceable:
            raise VerificationException(
                f"{name} exists already, and was not replaced. {ADOPT}"
            )
        try:
            replace_object(self.objects, name, content)
        except PreconditionError:  # also if the answer to such a request was lost
            if self.hash_file(name) != sha256(content).hexdigest():
                raise StoreException(CHANGED.format(self.location, name)) from None

    def create(self, name: str, content: bytes) -> None:
        obstore.put(self.objects, name, content, mode="create")

    def file_exists(self, name: str) -> bool:
        try:
            self.get_size(name)
        except FileNotFoundError:
            return False
        return True

    def allow_replacement(self, base: str) -> None:
        """Keep the objects until other content is written."""
        self.replaceable = {f"{base}.{suffix}" for suffix in UNPROVEN}

    def remove_files(self, base: str) -> None:
        parent = str(PurePosixPath(base).parent)
        names = [each for each in self.list_below(parent) if is_of(base, each)]
        with translate_errors(self.location, base):
            obstore.delete(self.objects, names)

    def remove_partial(self, base: str) -> None:
        """Do nothing: an object is never half written."""

    def get_size(self, name: str) -> int:
        with translate_errors(self.location, name):
            return obstore.head(self.objects, name)["size"]


def is_of(base: str, path: str) -> bool:
    return path.startswith(f"{base}.") and "/" not in path.removeprefix(base)
