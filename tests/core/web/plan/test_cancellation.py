"""Clients that hang up, and cancelled tasks: a plan does what FastAPI does."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import anyio
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic import BaseModel
from starlette.types import Message, Scope

from app.core.handlers import install_handlers
from app.core.web.routing import api_router
from tests.processes.servers import TIMEOUT

ROUTERS = [APIRouter(prefix="/api/v1"), api_router("")]
calls: list[str] = []


class Pen(BaseModel):
    name: str


async def get_session() -> AsyncIterator[None]:
    try:
        yield
    except BaseException as error:
        calls.append(type(error).__name__)
        await anyio.sleep(0.001)
        calls.append("rolled back")
        raise
    finally:
        await anyio.sleep(0.001)
        calls.append("closed")


SessionDep = Annotated[None, Depends(get_session, scope="function")]


async def wait(session: SessionDep, request: Request) -> None:
    calls.append("waiting")
    await anyio.sleep_forever()


async def create(session: SessionDep, pen: Pen) -> Pen:
    calls.append("created")
    return pen


for router in ROUTERS:
    router.get("/x")(wait)
    router.post("/x")(create)


async def send_request(router: APIRouter, method: str, *received: Message) -> Any:
    """Return the messages of the response."""
    app, messages, sent = FastAPI(), iter(received), []
    install_handlers(app)
    app.router.routes.extend(router.routes)
    json = (b"content-type", b"application/json")
    scope: Scope = {"type": "http", "method": method, "path": "/api/v1/x"}
    scope["query_string"], scope["headers"] = b"", [json]

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        sent.append(message)

    calls.clear()
    await app(scope, receive, send)
    return sent


@pytest.mark.parametrize("router", ROUTERS, ids=["fastapi", "plan"])
def test_an_incomplete_body_is_rejected_before_any_call(router: APIRouter) -> None:
    part = {"type": "http.request", "body": b'{"name"', "more_body": True}
    start, _ = asyncio.run(send_request(router, "POST", part))
    assert (start["status"], calls) == (400, [])


@pytest.mark.parametrize("router", ROUTERS, ids=["fastapi", "plan"])
def test_a_client_that_has_gone_changes_nothing(router: APIRouter) -> None:
    body = {"type": "http.request", "body": b'{"name": "Pen"}'}
    start, _ = asyncio.run(send_request(router, "POST", body))
    assert (start["status"], calls) == (200, ["created", "closed"])


async def until_it_waits() -> None:
    with anyio.fail_after(TIMEOUT):
        while calls != ["waiting"]:
            await anyio.sleep(0)


@pytest.mark.parametrize("router", ROUTERS, ids=["fastapi", "plan"])
def test_a_cancelled_request_is_rolled_back(router: APIRouter) -> None:
    async def cancel() -> None:
        request = asyncio.create_task(send_request(router, "GET"))
        await until_it_waits()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request

    asyncio.run(cancel())
    assert calls == ["waiting", "CancelledError", "rolled back", "closed"]


@pytest.mark.parametrize("router", ROUTERS, ids=["fastapi", "plan"])
def test_a_request_in_a_scope_of_anyio_is_rolled_back(router: APIRouter) -> None:
    """AnyIO repeats a cancellation at each await, unless it is shielded."""

    async def cancel() -> None:
        async with anyio.create_task_group() as scope:
            scope.start_soon(send_request, router, "GET")
            await until_it_waits()
            scope.cancel_scope.cancel()

    asyncio.run(cancel())
    assert calls == ["waiting", "CancelledError", "rolled back", "closed"]
