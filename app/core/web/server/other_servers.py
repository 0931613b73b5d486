"""A warning if another server than `python -m app` serves in production."""

import structlog

from app.core.config import Settings
from app.core.observability.draining import draining

ADVICE = (
    "Serve it with `python -m app`. Another server may read addresses from headers "
    "that no proxy has checked, take a body for a request, wait for slow clients, and "
    "lose requests when it stops."
)

logger = structlog.get_logger()


def warn_of_other_server(settings: Settings) -> None:
    if settings.is_production and not draining.has_server:
        logger.warning("other_server", advice=ADVICE)
