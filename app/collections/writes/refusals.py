"""Reasons of refused steps, as exceptions."""

from app.core.db.database_errors import to_app_exception
from app.core.exceptions import (
    AppException,
    PreconditionFailedException,
    StaleException,
    UnavailableException,
)


def refusal_of(error: Exception, if_match: str | None = None) -> AppException:
    """Return why a step was refused; raise the error if it is not about the step."""
    refusal = error if isinstance(error, AppException) else to_app_exception(error)
    if refusal is None or isinstance(refusal, UnavailableException):
        raise error
    if if_match and isinstance(refusal, StaleException):
        return PreconditionFailedException(refusal.detail)
    return refusal
