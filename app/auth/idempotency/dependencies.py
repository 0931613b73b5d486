"""Requests that a client may repeat: the second one gets the answer to the first.

The key is reserved and the response kept in the transaction of the change, so "done"
and "answered" never differ. PermissionChecker comes first.
"""

import hmac
import re
from collections.abc import Iterable
from functools import partial
from typing import Any

from fastapi import Depends, Request, Response

from app.auth.bearer import components_of
from app.auth.idempotency.exceptions import (
    KeyReusedException,
    ResponseTooLargeException,
)
from app.auth.idempotency.keys import fingerprints, make_key
from app.auth.idempotency.models import IdempotencyKey
from app.auth.idempotency.repository import IdempotencyRepository
from app.core.context import current_context
from app.core.dependencies import SessionDep
from app.core.exceptions import BadRequestException
from app.core.web.before_commit import Replay, on_response
from app.core.web.endpoint_adapter import Endpoint
from app.core.web.request import BODY_DIGEST
from app.core.web.routing import Route

HEADER = "idempotency-key"
REPEATABLE = {"POST", "PATCH", "DELETE"}
KEY = re.compile(r"[\x20-\x7e]{1,255}")
MAX_BODY = 256_000  # bytes of a response that is kept
PARTS = ("if-match", "content-type")
DOCUMENTED = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Names the request for 24 hours. Repeated, it changes nothing, and "
    "has the same response, with `Idempotency-Replayed: true`.",
    "schema": {"type": "string", "pattern": f"^{KEY.pattern}$"},
}


async def keep_answer(request: Request, session: SessionDep) -> None:
    """Reserve the request's Idempotency-Key, if it has one, and keep the response.

    Raises:
        Replay: the key has an answer already.
        KeyReusedException: the key belongs to a different request.
    """
    if not (lines := request.headers.getlist(HEADER)):
        return
    if len(lines) > 1 or not KEY.fullmatch(lines[0]):
        raise BadRequestException(
            "Idempotency-Key must have 1 to 255 printable ASCII characters"
        )
    keys, known = IdempotencyRepository(session), await fingerprints_of(request)
    key = make_key((request.method, request.scope["path"]), lines[0], known[0])
    while not await keys.reserve(key):
        if session.before_commit:  # it may have waited for the first request
            await session.before_commit()
        # None if the key has become a day old, and was purged meanwhile.
        if found := await keys.find(key.id):
            raise replay(found, known)
    on_response(request.scope, partial(save_response, keys, key.id))


async def answers_secret(request: Request) -> None:
    """Mark a route whose response must not be kept, and so can't be repeated."""
    if HEADER in request.headers:
        raise BadRequestException(
            "The response has a secret and is not kept: send no Idempotency-Key"
        )


async def save_response(keys: IdempotencyRepository, id: str, done: Response) -> None:
    """Keep a success. After a refusal, the key is free again."""
    if not 200 <= done.status_code < 300:
        await keys.release(id)
        return
    fits = len(done.body) <= MAX_BODY
    headers = [[k.decode(), v.decode("latin-1")] for k, v in done.raw_headers]
    body = bytes(done.body) if fits else None
    await keys.save_answer(id, done.status_code, headers, body)


class RepeatableRoute(Route):
    """Route that takes an Idempotency-Key, if repeating it could do harm.

    Not if its method is idempotent anyway, or its response is a secret.
    """

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        (method,) = options["methods"]
        marks = [each.dependency for each in options["dependencies"]]
        if method in REPEATABLE and answers_secret not in marks:
            # Last, so that the permission is checked first.
            self.headers = (DOCUMENTED,)
            options["dependencies"] = [*options["dependencies"], Depends(keep_answer)]
        super().__init__(path, endpoint, **options)


async def fingerprints_of(request: Request) -> list[str]:
    """Return the fingerprint, and those that it had under former secrets."""
    headers = str([request.headers.getlist(name) for name in PARTS]).encode()
    body = request.scope.get(BODY_DIGEST) or await request.body()
    sent = (headers, request.scope["query_string"], body)
    ring = components_of(request).ring
    return fingerprints((key.idempotency for key in ring.all), sent)


def replay(found: IdempotencyKey, known: Iterable[str]) -> Exception:
    if not any(hmac.compare_digest(found.fingerprint, each) for each in known):
        return KeyReusedException()
    current_context().replay_of = found.request_id
    if found.body is None:
        return ResponseTooLargeException(found.request_id)
    response = Response(found.body, found.status or 200)
    response.raw_headers = [
        (name.encode(), value.encode("latin-1")) for name, value in found.headers or ()
    ]
    response.headers["Idempotency-Replayed"] = "true"
    return Replay(response)
