"""The change feed: changes as server-sent events, from where a client left off."""

from typing import Annotated, Any

from fastapi import Depends, Header, Query
from fastapi.sse import EventSourceResponse

from app.audit.cursors import decode_position
from app.audit.feed.dependencies import FeedResponse, get_feed
from app.audit.feed.events import Start
from app.audit.feed.feed import Feed
from app.audit.feed.schemas import FeedQuery
from app.audit.feed.stream import ChangeStream
from app.audit.schemas import ChangeCursor
from app.audit.settled.repository import SettledRepository
from app.auth.dependencies import CurrentUser, guarded_router
from app.auth.permissions.registry import READ
from app.core.dependencies import SessionDep
from app.core.web.openapi import documented

EVENT = {
    "type": "string",
    "description": "Events `change` (data: a `ChangeRead`, or an event of OCSF), "
    "`heartbeat` and `reset` "
    "(data: `complete_until`). Each has an `id`, to be sent as `Last-Event-ID`.",
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": EVENT}}},
    **documented(429),
}

router = guarded_router("audit", (READ,))
FeedDep = Annotated[Feed, Depends(get_feed)]
LastEventId = Annotated[
    ChangeCursor | None,
    Header(
        alias="Last-Event-ID",
        description="`id` of the last event, or `complete_until` of a list of changes.",
    ),
]


async def get_start(session: SessionDep, last_event_id: LastEventId = None) -> Start:
    settled = SettledRepository(session)
    complete = await settled.get_complete()
    if last_event_id is None:
        return Start(complete, False)
    position = decode_position(last_event_id)
    if await settled.can_follow(position, complete):
        return Start(position, False)
    return Start(complete, True)


@router.get(
    "/changes/stream",
    response_class=EventSourceResponse,
    response_model=None,
    responses=RESPONSES,
)
async def stream_changes(
    feed: FeedDep,
    viewer: CurrentUser,
    start: Annotated[Start, Depends(get_start)],
    query: Annotated[FeedQuery, Query()],
) -> FeedResponse:
    """Stream the changes of records as they are committed, as server-sent events.

    Without `Last-Event-ID`, the stream begins with the next change. With it, no change
    after that event is left out; the last ones may be sent again. A `heartbeat` comes
    every 12 seconds. A `reset` replaces changes that are in cold storage: load the
    records again. The stream ends with the access token, when the permission is
    revoked, and when the server stops.
    """
    return FeedResponse(ChangeStream(feed, viewer, query, start))
