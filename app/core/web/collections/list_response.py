"""Responses made of several records: JSON with a weak entity tag."""

from typing import Any

from fastapi import Request, Response

from app.core.web.etag import hash_etag
from app.core.web.openapi import header, not_modified
from app.core.web.request import read_preconditions

ETAG = {"description": "A hash of the body", "schema": {"type": "string"}}
# For the document: options of a route whose endpoint returns `respond(…)`.
DOCUMENTED: dict[str, Any] = {
    "responses": {
        200: {"headers": {"ETag": ETAG}},
        304: not_modified("The client has this already", ETAG),
    },
    "openapi_extra": {
        "parameters": [
            header("If-None-Match", "Return 304 if the response has this ETag.")
        ]
    },
}


def respond(request: Request, body: bytes) -> Response:
    """Return the JSON; 304 if the client has it already."""
    tag = hash_etag(body)
    headers = {"ETag": f"W/{tag}"}
    if read_preconditions(request).names(tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
