"""The pages for people: a landing page, Swagger UI and ReDoc. No external request."""

from pathlib import Path

from fastapi import FastAPI

from app.core.config import Settings

STATIC = Path(__file__).parent / "static"


def install_pages(app: FastAPI, settings: Settings) -> None:
    pass
