"""Growth of a log's tree by one run of leaves, with its signed checkpoint."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.logs import Log
from app.audit.archive.tree.checkpoints import Checkpoint
from app.audit.archive.tree.frontier import Frontier, append
from app.audit.archive.tree.merkle import HASH_LENGTH
from app.audit.archive.tree.signing_keys import SigningKeys, log_name
from app.audit.archive.tree.tiles import TileUpdate, tile_updates, unpack

EMPTY = Frontier()


@dataclass(frozen=True)
class Run:
    """Leaves [start, size) of a tree, and the tree after them."""

    start: int
    frontier: Frontier
    note: str
    hash: str
    updates: list[TileUpdate]

    @property
    def edge(self) -> bytes:
        return b"".join(self.frontier.hashes)


class TreeGrower:
    """Append leaf hashes to the tree of a log; sign its checkpoints."""

    def __init__(self, keys: SigningKeys, archive_id: UUID) -> None:
        self.keys = keys
        self.archive_id = archive_id

    def grow(self, log: Log, before: Frontier, hashes: Sequence[bytes]) -> Run:
        growth = append(before, hashes)
        origin = log_name(self.archive_id, log.name)
        checkpoint = Checkpoint(origin, growth.frontier.head)
        note = checkpoint.sign(self.keys.current(origin))
        return Run(
            start=before.size,
            frontier=growth.frontier,
            note=str(note),
            hash=hash_checkpoint(checkpoint),
            updates=list(tile_updates(growth.runs)),
        )


def hash_checkpoint(checkpoint: Checkpoint) -> str:
    """Return the hash by which manifests refer to a seal; it covers size and root."""
    return sha256(str(checkpoint).encode()).hexdigest()


def frontier_of(seal: AuditSeal | None) -> Frontier:
    """Return the right edge of the tree after a seal, as it is stored."""
    if seal is None or seal.size is None or seal.edge is None:
        return EMPTY
    whole = len(seal.edge) - len(seal.edge) % HASH_LENGTH
    return Frontier(seal.size, tuple(unpack(seal.edge[:whole])))
