"""What a service or repository may raise. handlers.py turns it into a response."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class AppException(Exception):
    """An answer the client can act on: `code` is for programs and never changes."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    headers: Mapping[str, str] = {}

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class BadRequestException(AppException):
    status = 400
    code = "bad_request"


class NotFoundException(AppException):
    status = 404
    code = "not_found"


class ConflictException(AppException):
    status = 409
    code = "conflict"


class StaleException(ConflictException):
    """The row has changed since it was read; 412 where the client sent If-Match."""


class PreconditionFailedException(AppException):
    status = 412
    code = "precondition_failed"


class ContentTooLargeException(AppException):
    status = 413
    code = "content_too_large"


class UnsupportedMediaTypeException(AppException):
    status = 415
    code = "unsupported_media_type"


class ValidationFailedException(AppException):
    """Well-formed values that mean nothing here, each told by its place."""

    status = 422
    code = "validation_failed"

    def __init__(self, errors: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("The request is not valid")
        self.errors = errors


class UnavailableException(AppException):
    """Not now: the database is away, busy, or not migrated. Worth another try."""

    status = 503
    code = "unavailable"
    headers = {"Retry-After": "5"}
