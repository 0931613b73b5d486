"""Work on a response while the transaction of its request is still open."""

from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from starlette.types import Scope

Work = Callable[[Response], Awaitable[None]]
WORK = "app.before_commit"  # in the scope of a request


def on_response(scope: Scope, work: Work) -> None:
    """Call `work` with the response, after the endpoint and before the commit."""
    scope[WORK] = work


async def before_commit(scope: Scope, response: Response) -> None:
    if work := scope.get(WORK):
        await work(response)


class Replay(Exception):
    """End a request with a response that exists already, and roll back."""

    def __init__(self, response: Response) -> None:
        super().__init__("The request was answered before")
        self.response = response


async def on_replay(_: Request, replay: Replay) -> Response:
    return replay.response
