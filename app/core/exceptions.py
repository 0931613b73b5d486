"""Exceptions of services and repositories, which handlers.py turns into responses."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class AppException(Exception):
    """Base of the errors shown to clients. `code` is stable, for programs."""

    status: int = 500
    code: ClassVar[str] = "internal_error"
    headers: Mapping[str, str] = {}
    # One for each field that is wrong, with `loc`, `type` and `msg`.
    errors: Sequence[Mapping[str, Any]] = ()
    max_errors: ClassVar[int] = 20

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

    def __init__(self, detail: str, *fields: str) -> None:
        """Set the detail, which a form shows beside these fields of the body."""
        super().__init__(detail)
        self.errors = [
            {"loc": ("body", field), "type": self.code, "msg": detail}
            for field in fields
        ]


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
    """Well-formed but invalid values."""

    status = 422
    code = "validation_failed"

    def __init__(self, errors: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("The request is not valid")
        self.errors = errors


class UnavailableException(AppException):
    """The database is unavailable, busy or not migrated. Clients may retry."""

    status = 503
    code = "unavailable"
    headers = {"Retry-After": "5"}
