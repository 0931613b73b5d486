"""Identifiers: made here, unique everywhere, sorted by birth."""

# The compat module answers with the standard library's UUID, which every driver
# knows. Version 7 keeps new rows at the end of the index instead of all over it.
from uuid_utils.compat import uuid7

__all__ = ["uuid7"]
