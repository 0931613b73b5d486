"""OCSF events as JSON."""

from pydantic_core import to_json

from app.audit.ocsf.accesses import access_event
from app.audit.ocsf.changes import change_event
from app.audit.schemas import AccessRead, ChangeRead


def render(entry: ChangeRead | AccessRead) -> bytes:
    """Return the event of an entry of either log."""
    if isinstance(entry, AccessRead):
        return to_json(access_event(entry), inf_nan_mode="null")
    return to_json(change_event(entry), inf_nan_mode="null")


def render_change(shown: str) -> str:
    """Return the event of a change that is JSON already, as the feed keeps it."""
    return render(ChangeRead.model_validate_json(shown)).decode()
