"""Receiving a file: its body goes to disk, up to a limit of its own."""

from collections.abc import AsyncIterator
from hashlib import sha256
from tempfile import TemporaryFile
from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import ClientDisconnect

from app.auth.idempotency.dependencies import HEADER
from app.collections.files.formats.media import ACCEPTED
from app.collections.files.imports.received import ReceivedFile
from app.collections.files.imports.transactions import ACTIONS
from app.collections.writes.dependencies import LargeRoute
from app.core.exceptions import BadRequestException, UnsupportedMediaTypeException
from app.core.web.query_params import parse_query
from app.core.web.request import BODY_DIGEST, UNREADABLE, check_encoding

NOT_REPEATABLE = (
    "Idempotency-Key can't be used with atomic=false: such an import can be sent again"
)


class FileRoute(LargeRoute):
    limit = "MAX_IMPORT_BYTES"


async def actions_of(_: Request) -> tuple[str, ...]:
    return ACTIONS


async def receive_file(request: Request) -> AsyncIterator[ReceivedFile]:
    """Yield the body as a file on disk, and what names it for an Idempotency-Key.

    Raises:
        UnsupportedMediaTypeException: it is of another type, or compressed.
    """
    check_encoding(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ACCEPTED:
        accepted = " or ".join([*ACCEPTED][:2])
        raise UnsupportedMediaTypeException(f"Content-Type must be {accepted}")
    query = dict(parse_query(request.scope["query_string"]))
    if HEADER in request.headers and query.get("atomic") == "false":
        raise BadRequestException(NOT_REPEATABLE)
    digest = sha256()
    with TemporaryFile() as content:
        try:
            async for part in request.stream():
                content.write(part)
                digest.update(part)
        except ClientDisconnect as error:
            raise BadRequestException(UNREADABLE) from error
        request.scope[BODY_DIGEST] = digest.digest()
        yield ReceivedFile(content, ACCEPTED[kind])


ReceivedFileDep = Annotated[ReceivedFile, Depends(receive_file)]
