"""The header fields RateLimit and RateLimit-Policy, as structured fields.

Of draft-ietf-httpapi-ratelimit-headers-11.
"""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.auth.limits.policy import Policy, Standing

HEADERS = "app.rate_limit_headers"  # in the scope of a request

RawHeaders = list[tuple[bytes, bytes]]


class RateLimitHeaders:
    """ASGI middleware that adds them to each response to a counted request.

    It is around the handlers of errors, so that these responses have them, too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *scope.get(HEADERS, ())]
            await send(message)

        await self.app(scope, receive, send_with_headers)


def headers_of(standings: Mapping[Policy, Standing]) -> RawHeaders:
    policies, limits = [], []
    for policy, standing in standings.items():
        quota, window = policy.rate
        policies.append(f'"{policy.name}";q={quota};w={window}')
        limits.append(f'"{policy.name}";r={standing.remaining};t={standing.seconds}')
    return [
        (b"ratelimit-policy", ", ".join(policies).encode()),
        (b"ratelimit", ", ".join(limits).encode()),
    ]
