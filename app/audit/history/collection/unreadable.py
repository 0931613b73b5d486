"""Recorded values that the database can't convert: the past list is unknown then."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from app.audit.archive.rows.reading import UNREADABLE
from app.audit.history.collection.past_list import PastList
from app.audit.history.exceptions import UnknownStateException
from app.core.db.database_errors import has_unreadable_value


@contextmanager
def readable(listed: PastList) -> Iterator[None]:
    """Execute the body.

    Raises:
        UnknownStateException: an id, or a value that the list is filtered or sorted by,
            does not fit its column. Only a write past the application stores one.
    """
    try:
        yield
    except UNREADABLE as error:
        raise UnknownStateException(listed.model.__name__, {"id"}) from error
    except DBAPIError as error:
        if has_unreadable_value(error):
            raise UnknownStateException(listed.model.__name__, listed.names) from error
        raise
