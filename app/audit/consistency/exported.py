"""Comparison of the log with checkpoints that were exported.

An older copy of the database is consistent in itself: only what lies outside of it
shows that its log ends too early. `verify` compares all checkpoints, and signatures.
"""

from collections.abc import AsyncIterator, Iterable

from app.audit.archive.checkpoints.growth import frontier_of
from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.files.manifest import SealRef
from app.audit.archive.identity import read_archive_id
from app.audit.archive.logs import LOGS, Log
from app.audit.archive.proofs.exceptions import ArchivedLeavesException
from app.audit.archive.proofs.prover import Prover
from app.audit.archive.tree.checkpoints import Checkpoint
from app.audit.archive.tree.encoding import decode_base64
from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.merkle import TreeHead
from app.audit.archive.tree.notes import Note
from app.audit.archive.tree.proofs import ConsistencyProof
from app.audit.archive.tree.signing_keys import log_name
from app.core.db.session import DatabaseSession

PARTIAL = (
    "{log}: the log ends at entry {end}, but a checkpoint at {size} was exported. The "
    "database is an older or incomplete copy, or the end of its log was deleted"
)
REPLACED = "{log}: the checkpoint at {size} is not the one that was exported"


def newest_checkpoints(evidence: Iterable[SealRef | str]) -> dict[str, Checkpoint]:
    """Return the largest checkpoint of each origin.

    Raises:
        ValueError: a note is malformed.
    """
    newest: dict[str, Checkpoint] = {}
    for note in evidence:
        if isinstance(note, SealRef):  # a seal of a former release
            continue
        try:
            found = Checkpoint.parse(Note.parse(note).text)
        except ProofException as error:
            raise ValueError(str(error)) from None
        known = newest.get(found.origin)
        if known is None or known.head.size <= found.head.size:
            newest[found.origin] = found
    return newest


async def find_lost_ends(
    session: DatabaseSession, exported: dict[str, Checkpoint]
) -> AsyncIterator[str]:
    """Yield a sentence for each log that lacks its newest exported checkpoint."""
    archive = await read_archive_id(session)
    own = (
        {log_name(archive, name): log for name, log in LOGS.items()} if archive else {}
    )
    for origin, checkpoint in exported.items():
        size = checkpoint.head.size
        if origin not in own:
            yield f"{origin}: this database has no log of that name"
            continue
        tree = TreeRepository(session, own[origin])
        newest = frontier_of(await tree.get_newest()).head
        if newest.size < size:
            yield PARTIAL.format(log=own[origin].name, end=newest.size, size=size)
        elif size and not await has_grown(
            session, own[origin], checkpoint.head, newest
        ):
            yield REPLACED.format(log=own[origin].name, size=size)


async def has_grown(
    session: DatabaseSession, log: Log, exported: TreeHead, newest: TreeHead
) -> bool:
    """Return whether the newest tree of the log begins with an exported one.

    The seal that ended there may have been lost, and made again with later rows.
    """
    if seal := await TreeRepository(session, log).get_by_size(exported.size):
        return seal.root == exported.root.hex()
    sizes = exported.size, newest.size
    try:
        hashes = await Prover(session, log).prove_consistency(*sizes)
    except ArchivedLeavesException:
        return True  # `verify` reads the files
    proof = ConsistencyProof([decode_base64(each) for each in hashes])
    return proof.matches(exported, newest)
