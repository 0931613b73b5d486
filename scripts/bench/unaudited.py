"""Our application without its audit: the difference is what the audit costs."""

from sqlalchemy import event

from app.audit.changes import install
from app.audit.changes import listeners as cdc
from app.core.models import Entity


def leave_out(*_: object) -> None:
    """Install nothing: changes are not recorded."""


# Before the application is made: it takes the function from there.
install.install_cdc = leave_out  # type: ignore[assignment]  # It asks for nothing.
for name in ("after_insert", "before_update", "after_update", "before_delete"):
    event.remove(Entity, name, getattr(cdc, name))

from app.main import app

__all__ = ["app"]
