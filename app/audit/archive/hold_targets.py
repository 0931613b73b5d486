"""Checks that the target of a legal hold exists, in the log or in its archive."""

from uuid import UUID

from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import UsageException
from app.audit.archive.files.manifest import read_manifest
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.holds import HoldRepository
from app.audit.archive.logs import CHANGES, WHOLE_LOG
from app.audit.archive.progress import Progress
from app.audit.archive.seals.sealer import Sealer
from app.audit.archive.search.query import SearchQuery
from app.audit.archive.search.search import Search
from app.audit.archive.store.opened import open_store
from app.audit.archive.store.store import Store
from app.core.config import Settings
from app.core.db.database import Database
from app.core.models import names_of_class

BATCH_ROWS = 1_000


class HoldTargets:
    """Entity types and records with changes. The archive is read only if needed."""

    def __init__(self, database: Database, settings: Settings, location: str) -> None:
        self.database = database
        self.settings = settings
        self.location = location

    async def find_entity_type(self, name: str) -> str:
        """Return the name as the log spells it.

        Raises:
            UsageException: neither the log nor the archive has a change of this type.
        """
        async with self.database.reading() as session:
            types = await HoldRepository(session).list_entity_types()
        spelled = match_name(name, types)
        if spelled is None:
            types |= await self.list_archived_types()
            spelled = match_name(name, types)
        if spelled is None:
            raise UsageException(
                f"Unknown entity type: {name}. Types in the change log and its "
                f"archive: {', '.join(sorted(types)) or 'none'}. No hold was placed."
            )
        return spelled

    async def check_record(self, entity: str, entity_id: UUID) -> None:
        """Raise UsageException if no change of this record is known."""
        async with self.database.reading() as session:
            if await HoldRepository(session).has_changes(entity, entity_id):
                return
        if not await self.is_archived(entity, entity_id):
            raise UsageException(
                f"No change of {entity} {entity_id} is in the log or its archive. "
                "Check the id, or give --force. No hold was placed."
            )

    async def list_archived_types(self) -> set[str]:
        if not await self.has_files():
            return set()
        store = self.open_store()
        manifests = [
            read_manifest(store, path).manifest
            for path in store.list_manifests(CHANGES.name)
        ]
        # A row UNAUDITED has the name of a table, in lower case, and no record.
        names = {name for each in manifests for name in each.entities}
        return {name for name in names if not name.islower()}

    async def is_archived(self, entity: str, entity_id: UUID) -> bool:
        if not await self.has_files():
            return False
        context = ArchiveContext(
            self.database,
            self.open_store(),
            Sealer(self.database, self.settings),
            Progress(),
            BATCH_ROWS,
        )
        for name in names_of_class(entity):
            query = SearchQuery(WHOLE_LOG, 1, name, str(entity_id))
            if (await Search(context, query).run()).rows:
                return True
        return False

    async def has_files(self) -> bool:
        async with self.database.reading() as session:
            return bool(await FileRepository(session).list_files(CHANGES))

    def open_store(self) -> Store:
        if not self.location:
            raise UsageException(
                "The target is not in the live log, and the archive cannot be "
                "searched: give --dest or set AUDIT_ARCHIVE_DIR. No hold was placed."
            )
        return open_store(self.location, self.settings)


def match_name(name: str, types: set[str]) -> str | None:
    """Return the type with this name, or else with this name in another case."""
    if name in types:
        return name
    return next((each for each in sorted(types) if each.lower() == name.lower()), None)
