"""Enumerations used by the settings."""

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
    """Mode of the access log, named after kube-apiserver's audit modes."""

    BATCH = "batch"  # write to disk before the response, load once a second
    BLOCKING = "blocking"  # write to the database first; to disk if it is unavailable
    BLOCKING_STRICT = "blocking-strict"  # write to the database first, or respond 503
    OFF = "off"


class Pooler(StrEnum):
    """Pooler between the application and PostgreSQL."""

    OFF = "off"
    TRANSACTION = "transaction"  # gives each transaction any of its connections
