"""The open streams of a process, which are limited in number."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from app.audit.feed.exceptions import TooManyStreamsException
from app.audit.feed.permit import Permit

MAX_STREAMS = 1_000
MAX_STREAMS_OF_USER = 50


class OpenStreams:
    def __init__(self) -> None:
        self.of_users: Counter[UUID] = Counter()
        self.permits = set[Permit]()
        self.exist = asyncio.Event()

    @contextmanager
    def opened(self, permit: Permit) -> Iterator[None]:
        """Count a stream while the block runs.

        Raises:
            TooManyStreamsException: the user, or this process, has as many as allowed.
        """
        user_id = permit.viewer.user_id
        if self.of_users[user_id] >= MAX_STREAMS_OF_USER:
            raise TooManyStreamsException(f"You have {MAX_STREAMS_OF_USER} streams")
        if self.of_users.total() >= MAX_STREAMS:
            raise TooManyStreamsException("The server has too many streams")
        self.of_users[user_id] += 1
        self.permits.add(permit)
        permit.hasten()  # it was found before its revocation would be noticed
        self.exist.set()
        try:
            yield
        finally:
            self.permits.remove(permit)
            self.of_users[user_id] -= 1
            self.of_users += Counter()  # drop users who have none
            if not self.of_users:
                self.exist.clear()
