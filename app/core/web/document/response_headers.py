"""Headers of responses, in the OpenAPI document, that no route declares."""

from app.core.web.openapi import Json

DESCRIPTIONS = {
    "Idempotency-Replayed": "`true`: the stored response to an earlier request",
    "Preference-Applied": "`stale-ok`: a replica has answered",
    "Retry-After": "Seconds to wait",
    "WWW-Authenticate": "What is wrong with the token, or the scope that it lacks",
}
KEY = "Idempotency-Key"
ANSWERS = {KEY: "Idempotency-Replayed", "Prefer": "Preference-Applied"}
SUCCESSES = {"200", "201", "204", "207", "304"}
OF_STATUS = {
    "401": "WWW-Authenticate",
    "403": "WWW-Authenticate",
    "429": "Retry-After",
    "503": "Retry-After",
}


def add_headers(operation: Json) -> None:
    """Add the headers of errors, and those that answer a header of the request."""
    taken = {parameter["name"] for parameter in operation.get("parameters", ())}
    answers = [answer for name, answer in ANSWERS.items() if name in taken]
    # The first request with the key may still be running.
    errors = OF_STATUS | ({"409": "Retry-After"} if KEY in taken else {})
    for status, response in operation["responses"].items():
        names = answers if status in SUCCESSES else [errors.get(status)]
        add_references(response, *filter(None, names))


def add_references(response: Json, *names: str) -> None:
    if names:
        found = {name: reference_to(name) for name in names}
        response["headers"] = response.get("headers", {}) | found


def reference_to(name: str) -> Json:
    return {"$ref": f"#/components/headers/{name}"}
