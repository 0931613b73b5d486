"""The access log's layer: one row for each request, whatever becomes of it."""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.audit.access.access_log import AccessLog
from app.audit.access.recorder import Exchange, HeldExchange
from app.core.enums import AccessMode


class AccessLayer:
    """Pure ASGI. It records a request before the last of its answer is sent."""

    def __init__(self, app: ASGIApp, log: AccessLog, exchange: type[Exchange]) -> None:
        self.app, self.log, self.exchange = app, log, exchange

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = self.exchange(scope, receive, send, self.log)
        try:
            await self.app(scope, exchange.receive, exchange.send)
        finally:
            if not exchange.complete:
                # Nothing may be awaited here: this task may be under cancellation.
                self.log.write(exchange.row())


def around(log: AccessLog, app: ASGIApp) -> ASGIApp:
    """Return the application in the layer; as it is, where nothing is recorded."""
    if log.mode is AccessMode.OFF:
        return app
    strict = log.mode is AccessMode.BLOCKING_STRICT
    return AccessLayer(app, log, HeldExchange if strict else Exchange)
