"""What a router asks of the core: a session, of the kind that the method needs."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.web.health import Health


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    health: Health = request.app.state.health
    await health.require()
    database = health.database
    reads = request.method == "GET"  # as which HEAD comes, too: see head_requests.py
    async with database.reading() if reads else database.writing() as session:
        yield session


# scope="function" ends the transaction before the response is sent. With the
# default scope the client would read 201 first, and a failed commit would be lost.
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
