"""Serve: `python -m app` listens as the settings say."""

import uvicorn

from app.core.config import settings


def main() -> None:
    uvicorn.run(
        "app.main:app",
        host=settings.HOST,
        port=settings.PORT,
        workers=settings.WORKERS,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=settings.SHUTDOWN_TIMEOUT,
    )


if __name__ == "__main__":
    main()
