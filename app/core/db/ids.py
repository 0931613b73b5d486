"""Primary keys: UUIDs of version 7, which sort by creation time."""

# The compat module returns the standard library's UUID, which every driver accepts.
# Version 7 appends new rows to the end of the index.
from uuid_utils.compat import uuid7

__all__ = ["uuid7"]
