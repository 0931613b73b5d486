"""The body of every error response (RFC 9457, problem details)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE = "application/problem+json"

# Codes of errors that are not an AppException. Not taken from HTTPStatus, whose names
# differ between versions of Python.
CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "content_too_large",
    422: "validation_failed",
    500: "internal_error",
    503: "unavailable",
}
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}


class FieldError(BaseModel):
    """One invalid field; never its value."""

    loc: list[str | int]
    type: str
    msg: str


class Problem(BaseModel):
    """Problem details (RFC 9457). `code` is for programs and stable."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "about:blank",
                "title": "Not Found",
                "status": 404,
                "detail": "There is no such record",
                "instance": "/api/v1/products/018f3c1e-7a2b-7c3d-8e4f-0123456789ab",
                "code": "not_found",
                "request_id": "018f3c1e7a2b7c3d8e4f0123456789ab",
            }
        }
    )

    type: str
    title: str
    status: int
    detail: str
    instance: str = Field(description="The path of the request")
    code: str
    request_id: str = Field(description="Also in the header X-Request-ID")
    errors: list[FieldError] = Field(
        [], description="Field by field with 422 and 409; item by item with bulk_failed"
    )


def message_of(error: Mapping[str, Any]) -> str:
    """Return the message of a validation error, without Pydantic's prefix."""
    return str(error["msg"]).removeprefix("Value error, ")


def title(status: int) -> str:
    return TITLES.get(status) or HTTPStatus(status).phrase
