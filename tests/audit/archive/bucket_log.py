"""Logs whose archive is in a bucket, with a folder that shows what is in it.

What a test does to the files of the folder, it does to the objects.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from obstore.store import S3Store

from app.core.config import Settings
from tests.audit.archive.rows import AuditLog, CallAtStep
from tests.processes.object_store import BUCKET, ObjectStoreServer


@dataclass
class Mirror:
    """The folder, and the client of a program that has the keys of the bucket."""

    directory: Path
    bucket: S3Store

    def list_objects(self) -> set[str]:
        return {each["path"] for each in self.bucket.list().collect()}

    def push(self) -> None:
        """Make the objects those of the folder: changed, removed, added."""
        files = {
            str(path.relative_to(self.directory)): path.read_bytes()
            for path in self.directory.rglob("*")
            if path.is_file()
        }
        for name in self.list_objects() - files.keys():
            self.bucket.delete(name)
        for name, content in files.items():
            if content != self.read(name):
                self.bucket.put(name, content)

    def pull(self) -> None:
        objects = self.list_objects()
        for path in [*self.directory.rglob("*")]:
            if path.is_file() and str(path.relative_to(self.directory)) not in objects:
                path.unlink()
        for name in objects:
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.read(name) or b"")

    @contextmanager
    def showing(self) -> Iterator[None]:
        """Let a test see and change what a run has written so far."""
        self.pull()
        yield
        self.push()

    def read(self, name: str) -> bytes | None:
        try:
            return bytes(self.bucket.get(name).bytes())
        except FileNotFoundError:
            return None


class BucketLog(AuditLog):
    def __init__(
        self, settings: Settings, directory: Path, server: ObjectStoreServer
    ) -> None:
        prefix = f"odd ü%20 prefix/{uuid4()}"
        super().__init__(settings, directory, location=f"s3://{BUCKET}/{prefix}/")
        self.server = server
        self.mirror = Mirror(directory, server.bucket(prefix))

    @contextmanager
    def exchanging(self) -> Iterator[None]:
        if isinstance(self.progress, CallAtStep):
            self.progress.exchanging = self.mirror.showing
        self.mirror.push()
        try:
            yield
        finally:
            self.mirror.pull()
