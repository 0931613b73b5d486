"""Run the server with the configured options: `python -m app`."""

import os
import signal
import sys
from contextlib import suppress

from app.core.startup.project_python import use_project_python

use_project_python()

from uvicorn.config import STARTUP_FAILURE

from app.core.config import settings
from app.core.observability.metrics.scrape import serving_metrics
from app.core.startup.addresses import check_free, split_address
from app.core.web.server.config import ServerConfig
from app.core.web.server.server import Server
from app.core.web.server.workers import Supervisor

STDERR = 2


def reserve_standard_descriptors() -> None:
    """Open the null device for each standard descriptor that is closed.

    Otherwise a database or socket would get the number, and output of a library would
    be written into it.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= STDERR:
        continue
    os.close(descriptor)


def require_address(host: str, port: int) -> None:
    """Exit unless this machine can listen there."""
    try:
        check_free(host, port)
    except OSError as error:
        reason = error.strerror or str(error)
        sys.exit(f"Can't listen on {host}, port {port}: {reason}.")


def main() -> None:
    reserve_standard_descriptors()
    require_address(settings.HOST, settings.PORT)
    if settings.METRICS_ADDRESS:
        require_address(*split_address(settings.METRICS_ADDRESS))
    # After a graceful shutdown uvicorn raises the signal again: exit with status 0.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with serving_metrics(settings.METRICS_ADDRESS):
        serve(ServerConfig(settings))


def serve(config: ServerConfig) -> None:
    if config.workers > 1:
        Supervisor(config, [config.bind_socket()]).run()
        return
    server = Server(config)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)


if __name__ == "__main__":
    main()
