"""HEAD requests to all GET routes."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# In the scope of a GET that is a HEAD: a response need not make its body.
IS_HEAD = "app.is_head"


class HeadAsGet:
    """ASGI middleware that answers HEAD as GET, without the body (RFC 9110, 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        get_scope = {**scope, "method": "GET", IS_HEAD: True}
        is_complete = False

        async def send_head(message: Message) -> None:
            # The outer middleware logs the route, which was found in this scope.
            nonlocal is_complete
            scope.update({**get_scope, "method": "HEAD"})
            if message["type"] == "http.response.body":
                # The first part ends it, as a stream may be endless.
                message = {"type": "http.response.body", "body": b""}
            if not is_complete:
                is_complete = message["type"] == "http.response.body"
                await send(message)

        await self.app(get_scope, receive, send_head)
