"""Dependencies of the routers: session (read-only for GET), and preconditions."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated

from fastapi import Depends, Request, Response

from app.core.db.replica.reads import read_stale, stale_source
from app.core.db.session import DatabaseSession
from app.core.web.before_commit import on_response
from app.core.web.collections.stale_reads import (
    PREFER,
    add_headers,
    allows_stale,
    prefers_stale,
)
from app.core.web.etag import Preconditions
from app.core.web.health import Health
from app.core.web.request import read_preconditions


async def get_session(request: Request) -> AsyncIterator[DatabaseSession]:
    health: Health = request.app.state.health
    await health.require()
    database = health.database
    reads = request.method == "GET"  # and HEAD: head_requests.py turns it into GET
    async with database.reading() if reads else database.writing() as session:
        yield session


async def get_preconditions(request: Request) -> Preconditions:
    return read_preconditions(request)


# scope="function" ends the transaction before the response is sent. With the
# default scope the client would read 201 first, and a failed commit would be lost.
SessionDep = Annotated[DatabaseSession, Depends(get_session, scope="function")]
PreconditionsDep = Annotated[Preconditions, Depends(get_preconditions)]


class StalePreference:
    """Dependency of lists: after the permission, a replica may be read if asked for."""

    headers = (PREFER,)

    async def __call__(self, request: Request, session: SessionDep) -> None:
        health: Health = request.app.state.health
        if replica := health.database.replica:
            on_response(request.scope, partial(mark_stale, session))
            wanted = prefers_stale(request.headers.getlist("prefer"))
            if wanted and allows_stale(request.scope["query_string"], replica.max_lag):
                read_stale(session, replica)


async def mark_stale(session: DatabaseSession, response: Response) -> None:
    add_headers(response, is_stale=stale_source(session) is not None)


READS_STALE = Depends(StalePreference())
