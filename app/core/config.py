"""Settings, read from the environment and .env and validated at import."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from pydantic import EmailStr, Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import PydanticBaseSettingsSource as Source

from app.core.enums import AccessMode, Environment, LogLevel, Pooler
from app.core.problem import message_of
from app.core.startup.env_file import EnvFileSource, find_misspelt, read_env_file
from app.core.startup.rates import RateLimit
from app.core.startup.server_settings import ServerSettings
from app.core.startup.setting_types import (
    ArchiveLocation,
    DatabaseUrl,
    Hosts,
    KeyStoreUrl,
    Networks,
    Origins,
    ReplicaUrl,
    Secrets,
    SigningKey,
    SigningKeys,
    Witness,
)

EXAMPLE_PREFIX = "example-only"  # of the SECRET_KEY in .env.example
MIN_SECRET_LENGTH = 32


class Settings(ServerSettings):
    """Every setting of the application; docs/SETTINGS.md explains each."""

    model_config = SettingsConfigDict(
        extra="ignore", hide_input_in_errors=True, frozen=True
    )

    ENVIRONMENT: Environment = Environment.DEVELOPMENT
    SECRET_KEY: SecretStr = Field(min_length=MIN_SECRET_LENGTH)
    SECRET_KEYS_OLD: Secrets = ()
    DATABASE_URL: DatabaseUrl = Field("sqlite:///app.db", repr=False)
    DATABASE_POOL_SIZE: int = Field(10, ge=1, le=1_000)
    DATABASE_TIMEOUT: float = Field(5.0, gt=0, le=300)
    DATABASE_POOLER: Pooler = Pooler.OFF
    PERSONAL_KEYS_URL: KeyStoreUrl = Field("", repr=False)
    DATABASE_REPLICA_URL: ReplicaUrl = Field("", repr=False)
    DATABASE_REPLICA_MAX_LAG: float = Field(10.0, ge=3, le=3_600)
    LOG_LEVEL: LogLevel = LogLevel.INFO
    ALLOWED_HOSTS: Hosts = ("localhost", "127.0.0.1", "[::1]")
    CORS_ORIGINS: Origins = ()
    TRUSTED_PROXIES: Networks = ()
    EXPOSE_DOCS: bool = False
    DOCS_CDN: str = Field("", pattern=r"^(https://[^/].*[^/])?$")
    AUDIT_ACCESS_MODE: AccessMode = AccessMode.BATCH
    AUDIT_SPOOL_DIR: Path = Path("audit-spool")
    ACCESS_TOKEN_MINUTES: int = Field(15, ge=1, le=60)
    REFRESH_IDLE_DAYS: int = Field(7, ge=1, le=90)
    REFRESH_ABSOLUTE_DAYS: int = Field(30, ge=1, le=365)
    REFRESH_GRACE_SECONDS: int = Field(0, ge=0, le=60)
    RATE_LIMIT_USER: RateLimit = None
    RATE_LIMIT_KEY: RateLimit = None
    PASSWORD_MIN_LENGTH: int = Field(12, ge=8, le=64)
    AUDIT_ARCHIVE_DIR: ArchiveLocation = ""
    AUDIT_ARCHIVE_TIMEOUT: float = Field(60.0, gt=0, le=3_600)
    AUDIT_SEAL_FILE: str = ""
    AUDIT_WITNESS: Witness = ""
    AUDIT_SIGNING_KEY: SigningKey = SecretStr("")
    AUDIT_SIGNING_KEYS_OLD: SigningKeys = ()
    FIRST_SUPERUSER_EMAIL: EmailStr = "admin@example.com"
    FIRST_SUPERUSER_PASSWORD: SecretStr = SecretStr("")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: Source,
        env_settings: Source,
        *_: Any,
        **__: Any,
    ) -> tuple[Source, ...]:
        return init_settings, env_settings, EnvFileSource(settings_cls)

    @model_validator(mode="after")
    def check_replica(self) -> Self:
        if self.DATABASE_REPLICA_URL and self.DATABASE_URL.startswith("sqlite"):
            raise ValueError("DATABASE_REPLICA_URL is set, but SQLite has no replica")
        return self

    @model_validator(mode="after")
    def check_production(self) -> Self:
        if self.is_production and (errors := "; ".join(self.production_errors())):
            raise ValueError(f"unsafe in production: {errors}")
        return self

    def production_errors(self) -> Iterator[str]:
        """Yield a message for each unsafe setting, without its value."""
        secrets = (self.SECRET_KEY, *self.SECRET_KEYS_OLD)
        if any(key.get_secret_value().startswith(EXAMPLE_PREFIX) for key in secrets):
            yield "SECRET_KEY must not be the example"
        if any(len(key) < MIN_SECRET_LENGTH for key in self.SECRET_KEYS_OLD):
            yield f"SECRET_KEYS_OLD must be of {MIN_SECRET_LENGTH} characters or more"
        password = self.FIRST_SUPERUSER_PASSWORD.get_secret_value()
        if password.startswith(EXAMPLE_PREFIX):
            yield "FIRST_SUPERUSER_PASSWORD must not be an example"
        if "*" in self.ALLOWED_HOSTS:
            yield "ALLOWED_HOSTS must not contain *"
        if "*" in self.CORS_ORIGINS:
            yield "CORS_ORIGINS must not contain *"
        if any(network.endswith("/0") for network in self.TRUSTED_PROXIES):
            yield "TRUSTED_PROXIES must not contain all addresses"

    @property
    def is_production(self) -> bool:
        return self.ENVIRONMENT is Environment.PRODUCTION

    @property
    def docs_exposed(self) -> bool:
        return self.EXPOSE_DOCS or not self.is_production


def describe(error: ErrorDetails) -> str:
    words = [*map(str, error["loc"]), message_of(error)]
    return ": ".join(words)


def load_settings() -> Settings:
    """Return the settings, or exit with a message that lists the invalid ones."""
    errors: list[str] = []
    try:
        for given in (os.environ, read_env_file()):
            errors += find_misspelt(given, Settings.model_fields)
        if not errors:
            return Settings()
    except ValidationError as error:
        errors = [describe(each) for each in error.errors()]
    except ValueError as error:
        errors = [str(error)]
    sys.exit(f"Invalid settings. {'; '.join(errors)}. See .env.example.")


settings = load_settings()
