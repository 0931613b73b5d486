"""Replacement of an object of an unfinished file."""

from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

if TYPE_CHECKING:
    from obstore import UpdateVersion

UNSUPPORTED = ("501 Not Implemented", "<Code>NotImplemented</Code>")


def replace_object(objects: ObjectStore, name: str, content: bytes) -> None:
    """Write an object in place of the one that is there.

    By one request, if the server knows If-Match: a deletion could time out, and take
    effect on what is written later.

    Raises:
        PreconditionError: another write came in between.
    """
    if version := version_of(objects, name):
        try:
            obstore.put(objects, name, content, mode=version)
        except BaseError as error:
            if not any(part in str(error) for part in UNSUPPORTED):
                raise
        else:
            return
    obstore.delete(objects, name)
    obstore.put(objects, name, content, mode="create")


def version_of(objects: ObjectStore, name: str) -> "UpdateVersion | None":
    found = obstore.head(objects, name)
    if not found["e_tag"]:
        return None
    version: UpdateVersion = {"e_tag": found["e_tag"]}
    if found["version"]:  # Google's servers compare this one
        version["version"] = found["version"]
    return version
