"""Opening of the archive that a setting or an option names."""

from pathlib import Path

from obstore.exceptions import BaseError

from app.audit.archive.exceptions import UsageException
from app.audit.archive.store.bucket import BucketStore
from app.audit.archive.store.clients import open_bucket
from app.audit.archive.store.errors import fail
from app.audit.archive.store.folder import FolderStore
from app.audit.archive.store.store import Store
from app.core.config import Settings
from app.core.startup.archive_location import parse_location


def open_store(location: str, settings: Settings) -> Store:
    """Open a folder, or a bucket such as `s3://bucket/prefix`.

    Raises:
        UsageException: the location or the endpoint is malformed.
        ArchiveException: it is not there, or does not answer.
    """
    try:
        bucket = parse_location(location)
        if bucket is None:
            return FolderStore(Path(location))
        objects = open_bucket(bucket, settings.AUDIT_ARCHIVE_TIMEOUT)
    except ValueError as error:
        raise UsageException(f"Archive: {error}.") from None
    except BaseError as error:  # such as a missing name of the account
        raise fail(location, error) from None
    return BucketStore(objects, location)
