"""An application with keys of personal data, and the commands on its database."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.audit.erasure.eraser import Erased, Eraser
from app.audit.erasure.ledger import Ledger, open_ledger
from app.audit.erasure.person import find_person
from app.audit.erasure.reapplying import reapply
from app.audit.erasure.report import ErasureReport
from app.audit.personal.keys import keys_at
from app.core.config import Settings
from app.core.db.database import Database
from app.main import open_database
from scripts.check_audit import find_inconsistencies
from tests.audit.archive.rows import AuditLog
from tests.databases import make_settings

ResultT = TypeVar("ResultT")
ADA = {
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "phone": "+442071838750",
    "notes": "Prefers the telephone",
    "company": "Analytical Engines",
}
PERSONAL = (*list(ADA.values())[:4], "Ada King")


@dataclass
class Commands:
    settings: Settings

    def run(self, command: Callable[[Database], Awaitable[ResultT]]) -> ResultT:
        async def opened() -> ResultT:
            async with open_database(self.settings) as database:
                return await command(database)

        return asyncio.run(opened())

    def erase(self, id: str, entity: str = "Customer") -> Erased:
        person = find_person(entity, UUID(id))
        return self.run(lambda it: self.eraser(it).erase(person, "Request 7", "Eve"))

    def reapply(self) -> int:
        return self.run(lambda it: reapply(self.eraser(it)))

    def eraser(self, database: Database) -> Eraser:
        return Eraser(database, self.ledger)

    @property
    def keys(self) -> str:
        """The file of the keys."""
        return self.settings.PERSONAL_KEYS_URL.removeprefix("sqlite:///")

    @property
    def ledger(self) -> Ledger:
        return open_ledger(self.settings)

    def findings(self) -> list[str]:
        async def check(database: Database) -> list[str]:
            return [str(it) async for it in find_inconsistencies(database)]

        return self.run(check)

    def unreachable(self, id: str, entity: str = "Customer") -> str:
        person = find_person(entity, UUID(id))

        async def report(database: Database) -> str:
            async with database.reading() as session:
                return "\n".join(await ErasureReport(session, person).unreachable())

        return self.run(report)


@pytest.fixture
def settings(url: str, tmp_path: Path) -> Settings:
    keys = f"sqlite:///{tmp_path}/keys.db"
    keys_at(keys).store.create()
    seals = str(tmp_path / "seals.txt")
    return make_settings(url, PERSONAL_KEYS_URL=keys, AUDIT_SEAL_FILE=seals)


@pytest.fixture
def commands(settings: Settings) -> Commands:
    return Commands(settings)


@pytest.fixture
def audit_log(settings: Settings, tmp_path: Path) -> AuditLog:
    (tmp_path / "archive").mkdir()
    return AuditLog(settings, tmp_path / "archive")


@pytest.fixture
def ada(client: TestClient) -> str:
    """A customer with a history; return the id."""
    id: str = client.post("customers", json=ADA).json()["id"]
    client.patch(f"customers/{id}", json={"name": "Ada King"}).raise_for_status()
    return id


def history(client: TestClient, id: str) -> list[Any]:
    items: list[Any] = client.get(f"customers/{id}/history").json()["items"]
    return items
