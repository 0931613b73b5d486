"""Application without change data capture, to measure the cost of the audit."""

from sqlalchemy import event

from app.audit.changes import install
from app.audit.changes import listeners as cdc
from app.core.models import Entity


def skip_install(*_: object) -> None:
    """Record no changes."""


# Before the import of the application, which calls the function.
install.install_cdc = skip_install  # type: ignore[assignment]  # Other parameters.
for name in ("after_insert", "before_update", "after_update", "before_delete"):
    event.remove(Entity, name, getattr(cdc, name))

from app.main import app

__all__ = ["app"]
