"""A test client that passes each request to the application in one call."""

from asyncio import sleep

from fastapi.testclient import TestClient
from httpx2 import ASGITransport, BaseTransport, Request, Response
from starlette.types import ASGIApp


class Client(TestClient):
    """Starlette's test client with a transport that does not stream.

    To stream, Starlette's transport switches threads nine times per request, which is
    most of the duration of a small test.
    """

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        super().__init__(app, base_url, raise_server_exceptions=False)
        self._transport = WholeTransport(self)


class WholeTransport(BaseTransport):
    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.inner = ASGITransport(client.app, raise_app_exceptions=False)

    def handle_request(self, request: Request) -> Response:
        assert self.client.portal, "Use the client in a `with` block"
        request.read()
        return self.client.portal.call(self.answer, request)

    async def answer(self, request: Request) -> Response:
        answer = await self.inner.handle_async_request(request)
        body = await answer.aread()
        await sleep(0)  # run the callbacks that the request has scheduled
        return Response(answer.status_code, headers=answer.headers, content=body)
