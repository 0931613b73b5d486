"""The access log's layer: one row for each request, whatever becomes of it."""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.audit.access.access_log import AccessLog
from app.audit.access.recorder import RequestRecorder, WithholdingRecorder
from app.core.enums import AccessMode


class AccessLogMiddleware:
    """Pure ASGI. It records a request before the last of its answer is sent."""

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
                # Nothing may be awaited here: this task may be under cancellation.
                self.log.write(recorder.row())


def with_access_log(log: AccessLog, app: ASGIApp) -> ASGIApp:
    """Return the application in the layer; as it is, where nothing is recorded."""
    if log.mode is AccessMode.OFF:
        return app
    strict = log.mode is AccessMode.BLOCKING_STRICT
    return AccessLogMiddleware(
        app, log, WithholdingRecorder if strict else RequestRecorder
    )
