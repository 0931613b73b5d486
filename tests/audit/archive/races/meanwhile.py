"""Acts of another process between two steps of a command."""

import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import Any

import pytest


class Meanwhile:
    """Let another process act once, before or after the next call of a method."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch

    def before(self, owner: Any, name: str, act: Callable[[], object]) -> None:
        self.wrap(owner, name, act, lambda: None)

    def after(self, owner: Any, name: str, act: Callable[[], object]) -> None:
        self.wrap(owner, name, lambda: None, act)

    def wrap(
        self,
        owner: Any,
        name: str,
        before: Callable[[], object],
        after: Callable[[], object],
    ) -> None:
        method = getattr(owner, name)

        @wraps(method)
        def call(*args: Any, **values: Any) -> Any:
            self.patch.setattr(owner, name, method)
            in_thread(before)
            done = method(*args, **values)
            if inspect.isawaitable(done):
                return then(done, after)
            in_thread(after)
            return done

        self.patch.setattr(owner, name, call)


async def then(done: Any, act: Callable[[], object]) -> Any:
    result = await done
    in_thread(act)
    return result


def in_thread(act: Callable[[], object]) -> None:
    # Use another thread: this one may be running the event loop of the command.
    with ThreadPoolExecutor() as threads:
        threads.submit(act).result()
