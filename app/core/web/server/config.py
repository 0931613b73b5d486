"""Configuration of the server: uvicorn's, and the limits of connections."""

import resource
from dataclasses import dataclass

from uvicorn import Config

from app.core.config import Settings

PROTOCOL = "app.core.web.server.protocol:ServerProtocol"
# Descriptors for all but clients: files, the event loop, other connections.
RESERVED_DESCRIPTORS = 64


# In seconds. The parent process kills a worker that does not respond for so long, also
# one that is still importing the application, which takes 6 on a busy machine.
START_TIMEOUT = 60
LOG_INTERVAL = 10.0  # in seconds


@dataclass
class Limits:
    """The most connections, and the seconds for the parts of a request."""

    connections: int
    head: float
    body: float
    next_log: float = 0.0

    def is_log_due(self, now: float) -> bool:
        """Return whether to log that there are too many connections."""
        is_due = now >= self.next_log
        if is_due:
            self.next_log = now + LOG_INTERVAL
        return is_due


class ServerConfig(Config):
    def __init__(self, settings: Settings) -> None:
        super().__init__(
            "app.main:app",
            host=settings.HOST,
            port=settings.PORT,
            workers=settings.WORKERS,
            http=PROTOCOL,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=settings.KEEP_ALIVE_TIMEOUT,
            timeout_graceful_shutdown=settings.SHUTDOWN_TIMEOUT,
            timeout_worker_healthcheck=START_TIMEOUT,
        )
        self.shutdown_delay = settings.SHUTDOWN_DELAY
        reserved = RESERVED_DESCRIPTORS + settings.DATABASE_POOL_SIZE
        files = allow_files(settings.MAX_CONNECTIONS + reserved)
        self.limits = Limits(
            connections=max(1, files - reserved),
            head=settings.HEAD_TIMEOUT,
            body=settings.BODY_TIMEOUT,
        )


def allow_files(wanted: int) -> int:
    """Raise the limit of open files up to the hard one; return at most `wanted`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted and soft != resource.RLIM_INFINITY:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else min(soft, wanted)
