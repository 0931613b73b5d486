"""A test client that runs the application in the thread of the test."""

import sys
from asyncio import Queue, Runner, create_task, sleep
from collections.abc import Awaitable, Callable
from contextvars import Context, copy_context
from importlib.util import find_spec
from threading import get_ident
from typing import Any, Self

from fastapi.testclient import TestClient
from httpx2 import ASGITransport, BaseTransport, Request, Response
from starlette.types import ASGIApp, Message

# Each request imports it, and would search all folders for it.
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # as documented


class Client(TestClient):
    """Starlette's test client with an event loop in the calling thread.

    Starlette runs the loop in a separate thread and switches threads nine times per
    request, which is most of the duration of a small test. Here the loop runs only
    during calls; a test marked `threads` gets Starlette's client.
    """

    runner: Runner
    thread: int
    context: Context

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        super().__init__(app, base_url, raise_server_exceptions=False)
        self._transport = LoopTransport(self)

    def __enter__(self) -> Self:
        self.runner, self.thread = Runner(), get_ident()
        self.context = copy_context()
        try:
            self.call(self.start)
        except BaseException:
            self.runner.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with self.runner:
            self.call(self.stop)

    def call(self, function: Callable[..., Awaitable[Any]], *values: Any) -> Any:
        """Run a coroutine function in the application's event loop."""
        assert self.thread == get_ident(), "Mark this test with `threads`"

        async def run() -> Any:
            return await function(*values)

        # Not `Runner.run`, which sets a signal handler each time.
        loop = self.runner.get_loop()
        task = loop.create_task(run(), context=self.context)
        return loop.run_until_complete(task)

    async def start(self) -> None:
        self.events: Queue[Message] = Queue()
        self.replies: Queue[Message] = Queue()
        self.lifespan_task = create_task(self.live())
        await self.send_event("startup")

    async def live(self) -> None:
        scope = {"type": "lifespan", "state": {}}
        await self.app(scope, self.events.get, self.replies.put)

    async def stop(self) -> None:
        await self.send_event("shutdown")
        await self.lifespan_task

    async def send_event(self, name: str) -> None:
        await self.events.put({"type": f"lifespan.{name}"})
        reply = await self.replies.get()
        if reply["type"] != f"lifespan.{name}.complete":
            await self.lifespan_task  # raises the exception of the application


class LoopTransport(BaseTransport):
    def __init__(self, client: Client) -> None:
        self.client = client
        self.inner = ASGITransport(client.app, raise_app_exceptions=False)

    def handle_request(self, request: Request) -> Response:
        request.read()
        response: Response = self.client.call(self.answer, request)
        return response

    async def answer(self, request: Request) -> Response:
        answer = await self.inner.handle_async_request(request)
        body = await answer.aread()
        await sleep(0)  # run the callbacks that the request has scheduled
        return Response(answer.status_code, headers=answer.headers, content=body)


class ThreadClient(TestClient):
    """Starlette's client, which can be called from several threads at once."""

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        peer = ("127.0.0.1", 1)
        super().__init__(app, base_url, raise_server_exceptions=False, client=peer)
