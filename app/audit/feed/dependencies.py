"""The response of the change feed, in the format of server-sent events."""

from collections.abc import AsyncIterator

from fastapi import Request
from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.types import Receive, Scope, Send

from app.audit.feed.entries import Event
from app.audit.feed.feed import Feed
from app.audit.feed.stream import ChangeStream

# Proxies must neither collect the events nor compress them, which collects them too.
HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}


async def get_feed(request: Request) -> Feed:
    feed: Feed = request.app.state.feed
    return feed


class FeedResponse(EventSourceResponse):
    def __init__(self, stream: ChangeStream) -> None:
        super().__init__(render(stream), headers=HEADERS)
        self.stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.stream.feed.opened(self.stream.permit):
            await super().__call__(scope, receive, send)


async def render(stream: ChangeStream) -> AsyncIterator[bytes]:
    while events := await stream.next_events():
        yield b"".join(map(encode, events))


def encode(event: Event) -> bytes:
    if not event.encoded:
        event.encoded = format_sse_event(
            event=event.name, id=event.cursor, data_str=event.data
        )
    return event.encoded
