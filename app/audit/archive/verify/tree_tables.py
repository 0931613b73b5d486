"""Verification of the tables that go with a tree: its tiles, and its keys.

A key must be named by the one before it, and the newest one be of the settings: a
reader may take it from the database, so it must not be anybody's.
"""

from itertools import pairwise

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.archive.checkpoints.models import AuditKey, AuditTile
from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.logs import model_table
from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.keys import VerifierKey
from app.audit.archive.tree.rotation import open_rotation
from app.audit.archive.verify.report import FindingKind, VerificationReport
from app.audit.archive.verify.tree import TreeVerifier

TILES, KEYS = model_table(AuditTile), model_table(AuditKey)


async def verify_tables(session: AsyncSession, tree: TreeVerifier) -> None:
    """Compare the tables with the tree, after all of its runs were verified.

    The session must see the same state of the database as when its end was read.
    """
    report, stored = tree.report, TreeRepository(session, tree.log)
    # Without all leaves, the tiles are not known.
    if tree.is_complete and report.can_read(TILES):
        for tile in tree.tiles.find_differing(await stored.list_tiles()):
            where = f"{tree.log.name} {tile.level}/{tile.index}"
            error = "does not match the leaves"
            report.add_finding(FindingKind.TILE_CHANGED, where, error)
    if report.can_read(KEYS):
        keys = await stored.list_keys()
        verify_keys(keys, tree.keys, report)
        if tree.sizes and not keys:
            error = "no key is recorded"
            report.add_finding(FindingKind.KEY_CHANGED, tree.log.name, error)


def verify_keys(
    keys: list[AuditKey], own: list[VerifierKey], report: VerificationReport
) -> None:
    """Verify the keys of one log, oldest first; `own` are those of the settings."""
    for old, new in pairwise(keys):
        if error := find_rotation_error(old, new):
            where = f"{new.log} key {new.number}"
            report.add_finding(FindingKind.KEY_CHANGED, where, error)
    if keys and keys[-1].key not in map(str, own):
        where = f"{keys[-1].log} key {keys[-1].number}"
        report.add_finding(FindingKind.KEY_CHANGED, where, "not a key of the settings")


def find_rotation_error(old: AuditKey, new: AuditKey) -> str | None:
    if new.rotation is None:
        return "the key before it has not signed it"
    try:
        named = open_rotation(new.rotation, VerifierKey.parse(old.key))
    except ProofException as error:
        return str(error)
    return None if str(named) == new.key else "the key before it names another"
