"""Middleware that records each request in the access log, even if it fails."""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.audit.access.access_log import AccessLog
from app.audit.access.recorder import RequestRecorder, WithholdingRecorder
from app.core.enums import AccessMode


class AccessLogMiddleware:
    """ASGI middleware that records a request before its last message is sent."""

    def __init__(
        self, app: ASGIApp, log: AccessLog, recorder: type[RequestRecorder]
    ) -> None:
        self.app, self.log, self.recorder = app, log, recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        recorder = self.recorder(scope, receive, send, self.log)
        try:
            await self.app(scope, recorder.receive, recorder.send)
        finally:
            if not recorder.complete:
                # This task may be cancelled, so nothing can be awaited here.
                self.log.write(recorder.row())


def with_access_log(log: AccessLog, app: ASGIApp) -> ASGIApp:
    """Wrap the app in the access-log middleware, unless the mode is `off`."""
    if log.mode is AccessMode.OFF:
        return app
    strict = log.mode is AccessMode.BLOCKING_STRICT
    return AccessLogMiddleware(
        app, log, WithholdingRecorder if strict else RequestRecorder
    )
