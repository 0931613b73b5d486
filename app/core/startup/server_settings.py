"""Settings of the HTTP server; a part of Settings."""

from pydantic import Field
from pydantic_settings import BaseSettings

from app.core.startup.setting_types import ListenAddress, RootPath


class ServerSettings(BaseSettings):
    HOST: ListenAddress = "127.0.0.1"
    PORT: int = Field(8000, ge=1, le=65_535)
    WORKERS: int = Field(1, ge=1, le=64)
    ROOT_PATH: RootPath = ""
    SHUTDOWN_DELAY: float = Field(5.0, ge=0, le=3_600)
    SHUTDOWN_TIMEOUT: int = Field(20, ge=1, le=3_600)
    MAX_CONNECTIONS: int = Field(2_000, ge=1, le=1_000_000)
    KEEP_ALIVE_TIMEOUT: int = Field(75, ge=1, le=3_600)
    HEAD_TIMEOUT: float = Field(10.0, gt=0, le=3_600)
    BODY_TIMEOUT: float = Field(30.0, gt=0, le=3_600)
    MAX_BODY_BYTES: int = Field(1_048_576, ge=1_024)
    MAX_BULK_BYTES: int = Field(8_388_608, ge=1_024)
    MAX_IMPORT_BYTES: int = Field(67_108_864, ge=1_024)
    RECORD_PROBES: bool = True
