"""Serve: `python -m app` listens as the settings say."""

import signal
import sys

import uvicorn

from app.core.config import settings
from app.core.web.http_protocol import BoundedProtocol


def main() -> None:
    # uvicorn finishes what is under way, and then raises the signal once more.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        "app.main:app",
        host=settings.HOST,
        port=settings.PORT,
        workers=settings.WORKERS,
        http=BoundedProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=settings.SHUTDOWN_TIMEOUT,
    )


if __name__ == "__main__":
    main()
