"""Migrate, seed and serve in one process; called by scripts/run.

Equivalent to `alembic upgrade head`, `python seeds/seed_create_app.py` and
`python -m app`, but loads the libraries once instead of three times.
"""

import asyncio
import sys
from pathlib import Path

from alembic.command import upgrade
from alembic.config import Config

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from app.__main__ import main as serve
from app.core.config import settings
from scripts.commands import exit_on_database_error
from seeds.seed_create_app import seed

if __name__ == "__main__":
    with exit_on_database_error("The server was not started."):
        print("Migrating the database", flush=True)
        upgrade(Config(ROOT / "alembic.ini"), "head")
        print("Seeding", flush=True)
        asyncio.run(seed(rows=0))
    url = f"http://{settings.HOST}:{settings.PORT}"
    print(f"Serving {url}/, with the API documentation at {url}/docs", flush=True)
    serve()
