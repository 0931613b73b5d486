"""The access log's layer: one row for each request, whatever becomes of it."""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.audit.exchange import Exchange, Recorder


class AccessLayer:
    """Pure ASGI. It records a request before the last of its answer is sent."""

    def __init__(
        self, app: ASGIApp, recorder: Recorder, exchange: type[Exchange]
    ) -> None:
        self.app, self.recorder, self.exchange = app, recorder, exchange

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = self.exchange(scope, receive, send, self.recorder)
        try:
            await self.app(scope, exchange.receive, exchange.send)
        finally:
            if not exchange.complete:
                # Nothing may be awaited here: this task may be under cancellation.
                self.recorder.write(exchange.row())
