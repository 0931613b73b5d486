"""The settings: read once, from the environment and from .env, and checked at once."""

import sys
from enum import StrEnum
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

DRIVERS = ("sqlite:///", "postgresql://")


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


# In the environment a list is written as words with commas between them.
Words = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """Every setting of the application; .env.example and the README explain each."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", hide_input_in_errors=True, frozen=True
    )

    ENVIRONMENT: Environment = Environment.DEVELOPMENT
    SECRET_KEY: SecretStr = Field(min_length=32)
    DATABASE_URL: str = "sqlite:///app.db"
    HOST: str = "127.0.0.1"
    PORT: int = Field(8000, ge=1, le=65_535)
    WORKERS: int = Field(1, ge=1, le=64)
    LOG_LEVEL: LogLevel = LogLevel.INFO
    ALLOWED_HOSTS: Words = ("localhost", "127.0.0.1", "[::1]")
    CORS_ORIGINS: Words = ()
    EXPOSE_DOCS: bool = False
    DOCS_CDN: str = Field("", pattern=r"^(https://[^/].*[^/])?$")
    MAX_BODY_BYTES: int = Field(1_048_576, ge=1_024)
    DATABASE_POOL_SIZE: int = Field(10, ge=1, le=1_000)
    DATABASE_TIMEOUT: float = Field(5.0, gt=0, le=300)
    SHUTDOWN_TIMEOUT: int = Field(20, ge=1, le=3_600)

    @field_validator("ALLOWED_HOSTS", "CORS_ORIGINS", mode="before")
    @classmethod
    def split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(word.strip() for word in value.split(",") if word.strip())

    @field_validator("DATABASE_URL")
    @classmethod
    def check_engine(cls, url: str) -> str:
        if not url.startswith(DRIVERS):
            raise ValueError(f"must begin with {' or '.join(DRIVERS)}")
        return url

    @property
    def is_production(self) -> bool:
        return self.ENVIRONMENT is Environment.PRODUCTION

    @property
    def docs_exposed(self) -> bool:
        return self.EXPOSE_DOCS or not self.is_production


def load_settings() -> Settings:
    """Return the settings, or stop with one sentence that names what is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        faults = (f"{e['loc'][0]}: {e['msg']}" for e in error.errors())
        sys.exit(f"The settings are not valid. {'; '.join(faults)}. See .env.example.")


settings = load_settings()
