"""Detection of AnyIO's cancel scopes."""

from asyncio import current_task

from anyio._backends._asyncio import _task_states


def in_cancel_scope() -> bool:
    """Return whether the current task runs in a scope, through which it is cancelled.

    AnyIO repeats the cancellation at each `await`, so cleanup needs a shield.
    """
    task = current_task()
    state = _task_states.get(task) if task else None
    return state is not None and state.cancel_scope is not None
