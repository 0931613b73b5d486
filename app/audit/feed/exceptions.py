"""Exceptions of the change feed."""

from app.core.exceptions import AppException

RETRY_SECONDS = 15


class TooManyStreamsException(AppException):
    status = 429
    code = "too_many_streams"
    headers = {"Retry-After": str(RETRY_SECONDS)}

    def __init__(self, detail: str) -> None:
        super().__init__(f"{detail}: close one, or retry after {RETRY_SECONDS} seconds")
