"""The storage format of the trees, as an attacker reads and writes it."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from app.audit.archive.checkpoints.growth import hash_checkpoint
from app.audit.archive.checkpoints.models import AuditKey, AuditSeal, AuditTile
from app.audit.archive.logs import CHANGES, LOGS, model_table
from app.audit.archive.seals.leaves import unpack_leaves
from app.audit.archive.tree.checkpoints import Checkpoint
from app.audit.archive.tree.frontier import Frontier, Growth, append
from app.audit.archive.tree.merkle import HASH_LENGTH
from app.audit.archive.tree.notes import Note
from app.audit.archive.tree.signer_keys import SignerKey
from app.audit.archive.tree.tiles import TileId, tile_updates
from tests.audit.archive.attacks.acts.stored_seals import change_seal, list_seals
from tests.audit.archive.attacks.acts.target import Target

TILES, KEYS = model_table(AuditTile), model_table(AuditKey)
OWN_SEED = b"x" * 32
FIRST_KEY = select(func.min(KEYS.c.number)).where(KEYS.c.log == CHANGES.name)
Sign = Callable[[Checkpoint, Note], Note]


def keep_note(_: Checkpoint, stored: Note) -> Note:
    """Leave the checkpoint as it was signed."""
    return stored


def keep_signature(checkpoint: Checkpoint, stored: Note) -> Note:
    """Put the signature of the former checkpoint under the new one."""
    return Note(str(checkpoint), stored.signatures)


def sign(checkpoint: Checkpoint, _: Note) -> Note:
    """Sign with a key that the application does not have, under the log's name."""
    return checkpoint.sign(SignerKey(checkpoint.origin, OWN_SEED))


def read_note(seal: AuditSeal) -> Note:
    return Note.parse(seal.note or "")


def rebuild(target: Target, sign: Sign) -> None:
    """Compute all that is stored of the trees again from the leaves in the seals."""
    seals = list_seals(target)
    for log in LOGS.values():
        frontier, tiles = Frontier(), dict[TileId, bytes]()
        for seal in seals:
            if seal.log == log.name:
                leaves = unpack_leaves(seal.leaves)
                growth = append(frontier, [leaf.digest for leaf in leaves])
                change_seal(target, seal.number, **describe(seal, growth, sign))
                frontier = growth.frontier
                add_tiles(tiles, growth)
        for tile, hashes in tiles.items():
            set_tile(target, log.name, tile, hashes)


def rebuild_edges(target: Target) -> None:
    """Compute the edges again, and leave the roots and checkpoints."""
    seals, frontier = list_seals(target), Frontier()
    for seal in seals:
        if seal.log == CHANGES.name:
            leaves = [leaf.digest for leaf in unpack_leaves(seal.leaves)]
            frontier = append(frontier, leaves).frontier
            change_seal(target, seal.number, edge=b"".join(frontier.hashes))


def describe(seal: AuditSeal, growth: Growth, sign: Sign) -> dict[str, Any]:
    """Return the columns of a seal that depend on the tree after it."""
    stored, head = read_note(seal), growth.frontier.head
    checkpoint = Checkpoint(Checkpoint.parse(stored.text).origin, head)
    return {
        "start": head.size - len(unpack_leaves(seal.leaves)),
        "size": head.size,
        "root": head.root.hex(),
        "edge": b"".join(growth.frontier.hashes),
        "hash": hash_checkpoint(checkpoint),
        "note": str(sign(checkpoint, stored)),
    }


def add_tiles(tiles: dict[TileId, bytes], growth: Growth) -> None:
    for tile, start, data in tile_updates(growth.runs):
        tiles[tile] = tiles.get(tile, b"")[: start * HASH_LENGTH] + data


def set_tile(target: Target, log: str, tile: TileId, hashes: bytes) -> None:
    place = TILES.c.log == log, TILES.c.level == tile.level
    target.execute(
        update(TILES).where(*place, TILES.c.number == tile.index).values(hashes=hashes)
    )


def change_tiles(target: Target) -> None:
    target.execute(update(TILES).values(hashes=b"x" * 3 * HASH_LENGTH))


def delete_tiles(target: Target) -> None:
    target.execute(delete(TILES))


def add_tile(target: Target) -> None:
    own = {"log": CHANGES.name.value, "level": 1, "number": 7}
    target.execute(insert(TILES).values(own | {"hashes": b"x"}))


def replace_key(target: Target) -> None:
    """Record a key of one's own as the first one of the changes."""
    name = read_note(list_seals(target)[-1]).signatures[0].name
    values = {"key": str(SignerKey(name, OWN_SEED).verifier)}
    first = KEYS.c.number == FIRST_KEY.scalar_subquery()
    target.execute(update(KEYS).where(first).values(values))


def delete_keys(target: Target) -> None:
    target.execute(delete(KEYS))


def remove_rotations(target: Target) -> None:
    signed = KEYS.c.rotation.is_not(None)
    target.execute(update(KEYS).where(signed).values(rotation=None))
