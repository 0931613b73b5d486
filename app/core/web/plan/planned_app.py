"""ASGI application of one route that follows a plan, in place of FastAPI's."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from fastapi import BackgroundTasks, Response
from fastapi.exceptions import FastAPIError
from fastapi.routing import APIRoute
from pydantic_core import PydanticUndefined
from starlette.types import Receive, Scope, Send

from app.core.db.database_errors import is_deadlock
from app.core.web.before_commit import before_commit
from app.core.web.plan.plan import Plan
from app.core.web.plan.responder import Responder
from app.core.web.plan.run import Run
from app.core.web.request import StrictRequest

RETRIES = 2
NOT_SENT = "A dependency has suppressed an exception: it must raise it again"


class PlannedApp:
    """ASGI application with the same order, errors and responses as FastAPI's.

    A request that ends in a deadlock, or as it can't be serialized, is done again: its
    transaction was rolled back. PostgreSQL chooses which of two requests that is, so it
    may be a short one that waited for a bulk request.
    """

    def __init__(
        self, route: APIRoute, plan: Plan, check: Callable[[StrictRequest], None]
    ) -> None:
        self.plan, self.check = plan, check
        self.has_body = route.body_field is not None
        self.responder = Responder(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = StrictRequest(scope, receive)
        for _ in range(RETRIES):
            try:
                await self.answer(request, send)
            except Exception as error:
                if not is_deadlock(error) or not request.can_be_repeated():
                    raise
            else:
                return
        await self.answer(request, send)

    async def answer(self, request: StrictRequest, send: Send) -> None:
        response = None
        async with AsyncExitStack() as after:
            async with AsyncExitStack() as before:
                run = await self.start(request, {"function": before, "request": after})
                for call in self.plan.calls:
                    run.results.append(await call.make(run))
                response = await self.responder.respond(run)
                await before_commit(request.scope, response)
            if response is not None:
                request.is_answered = True
                await response(request.scope, request.receive, send)
        if response is None:
            raise FastAPIError(NOT_SENT)

    async def start(
        self, request: StrictRequest, stacks: dict[str | None, AsyncExitStack]
    ) -> Run:
        self.check(request)
        body = await request.parsed_body() if self.has_body else PydanticUndefined
        tasks = BackgroundTasks() if self.plan.takes_tasks else None
        # Without a status, only its headers count; 204 has no content-length.
        injected: Any = Response(status_code=204)
        injected.status_code = None
        return Run([request, injected, tasks], body, stacks)
