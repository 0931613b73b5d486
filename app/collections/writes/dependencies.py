"""Routes whose bodies may be larger than those of others."""

from typing import ClassVar

from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import Receive, Scope, Send

from app.auth.idempotency.dependencies import RepeatableRoute


class LargeRoute(RepeatableRoute):
    """Route with a limit of its own for bodies: the setting of this name."""

    limit: ClassVar[str]

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit: int = getattr(scope["app"].state.settings, self.limit)
        limited = RequestBodyLimitMiddleware(super().serve, limit)
        await limited(scope, receive, send)
