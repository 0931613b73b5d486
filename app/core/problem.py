"""The one shape of an error (RFC 9457), on the wire and in the OpenAPI document."""

from http import HTTPStatus

from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE = "application/problem+json"

# Of errors that are no AppException, which has its own. For programs, so not taken from
# HTTPStatus: its names differ between Pythons.
CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "content_too_large",
    422: "validation_failed",
    500: "internal_error",
    503: "unavailable",
}
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}


class FieldError(BaseModel):
    """What is wrong with one field; never its value."""

    loc: list[str | int]
    type: str
    msg: str


class Problem(BaseModel):
    """An error, as RFC 9457 has it. `code` is for programs and never changes."""

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
    errors: list[FieldError] = Field([], description="With 422: field by field")


def title(status: int) -> str:
    return TITLES.get(status) or HTTPStatus(status).phrase
