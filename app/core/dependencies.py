"""Dependencies of the routers: session (read-only for GET), and preconditions."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from app.core.db.session import DatabaseSession
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
