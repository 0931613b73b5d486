"""ASGI application of one route that follows a plan, in place of FastAPI's."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from fastapi import BackgroundTasks, Response
from fastapi.exceptions import FastAPIError
from fastapi.routing import APIRoute
from pydantic_core import PydanticUndefined
from starlette.types import Receive, Scope, Send

from app.core.web.before_commit import before_commit
from app.core.web.plan.plan import Plan
from app.core.web.plan.responder import Responder
from app.core.web.plan.run import Run
from app.core.web.request import StrictRequest

NOT_SENT = "A dependency has suppressed an exception: it must raise it again"


class PlannedApp:
    """ASGI application with the same order, errors and responses as FastAPI's."""

    def __init__(
        self, route: APIRoute, plan: Plan, check: Callable[[StrictRequest], None]
    ) -> None:
        self.plan, self.check = plan, check
        self.has_body = route.body_field is not None
        self.responder = Responder(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = StrictRequest(scope, receive)
        response, is_sent = None, False
        async with AsyncExitStack() as after:
            async with AsyncExitStack() as before:
                run = await self.start(request, {"function": before, "request": after})
                for call in self.plan.calls:
                    run.results.append(await call.make(run))
                response = await self.responder.respond(run)
                await before_commit(scope, response)
            if response is not None:
                await response(scope, receive, send)
                is_sent = True
        if not is_sent:
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
