"""Application without change data capture, to measure the cost of the audit."""

from sqlalchemy import event

from app.audit.changes import install
from app.audit.changes.listeners import LISTENERS
from app.core.models import Entity


def skip_install(*_: object) -> None:
    """Record no changes."""


# Before the import of the application, which calls the function.
install.install_cdc = skip_install  # type: ignore[assignment]  # Other parameters.
for name, listener in LISTENERS.items():
    event.remove(Entity, name, listener)

from app.main import app

__all__ = ["app"]
