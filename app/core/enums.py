"""What the settings may be chosen from."""

from enum import StrEnum


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class AccessMode(StrEnum):
    """When a request is recorded; named as kube-apiserver names its audit modes."""

    BATCH = "batch"  # on disk before the answer, in the database a second later
    BLOCKING = "blocking"  # in the database before the answer, on disk if it is away
    BLOCKING_STRICT = "blocking-strict"  # in the database, or the answer is 503
    OFF = "off"
