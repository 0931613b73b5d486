"""A client that hands each request to the application at one go."""

from asyncio import sleep

from fastapi.testclient import TestClient
from httpx2 import ASGITransport, BaseTransport, Request, Response
from starlette.types import ASGIApp


class Client(TestClient):
    """Starlette's client, but for the way of a request.

    Starlette's can stream, for which it crosses between two threads nine times: most
    of what a small test takes.
    """

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        super().__init__(app, base_url, raise_server_exceptions=False)
        self._transport = WholeTransport(self)


class WholeTransport(BaseTransport):
    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.inner = ASGITransport(client.app, raise_app_exceptions=False)

    def handle_request(self, request: Request) -> Response:
        assert self.client.portal, "The application runs inside of `with`."
        request.read()
        return self.client.portal.call(self.answer, request)

    async def answer(self, request: Request) -> Response:
        answer = await self.inner.handle_async_request(request)
        body = await answer.aread()
        await sleep(0)  # what the request has set going, such as callbacks, runs first
        return Response(answer.status_code, headers=answer.headers, content=body)
