"""Attacks of a database administrator on seals."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import delete, update

from app.audit.archive.canonical import Row
from app.audit.archive.logs import ACCESSES, CHANGES, Log, model_table
from app.audit.archive.models import AuditArchive
from app.audit.archive.seals.leaves import LEAF_BYTES
from app.core.db.ids import uuid7
from tests.audit.archive.attacks.acts import inserts, rows, stored_seals
from tests.audit.archive.attacks.acts.rows import products
from tests.audit.archive.attacks.acts.stored_seals import (
    edit_leaves,
    id_of,
    list_seals,
    redate,
    rename,
)
from tests.audit.archive.attacks.acts.target import Target

ROWS = CHANGES.live


def prune_leaf_row(target: Target, leaf: bytes, log: Log) -> None:
    target.prune(delete(log.live).where(log.live.c.id == id_of(leaf)))


def redate_leaf(target: Target, ticks: int, log: Log = CHANGES) -> None:
    """Change the time of a seal's last leaf, and delete its row."""

    def edit(leaves: list[bytes]) -> list[bytes]:
        prune_leaf_row(target, leaves[-1], log)
        return [*leaves[:-1], redate(leaves[-1], ticks)]

    edit_leaves(target, edit, log)


def redate_leaf_to_9999(target: Target) -> None:
    redate_leaf(target, stored_seals.YEAR_9999)


def redate_all_leaves(target: Target) -> None:
    """Date the leaves of the whole change log to 9999, and delete its rows."""
    for seal in (each for each in list_seals(target) if each.log == CHANGES.name):
        ends = range(0, len(seal.leaves), LEAF_BYTES)
        leaves = (seal.leaves[at : at + LEAF_BYTES] for at in ends)
        moved = b"".join(redate(leaf, stored_seals.YEAR_9999) for leaf in leaves)
        stored_seals.change_seal(target, seal.number, leaves=moved)
    target.prune(delete(ROWS))


def redate_leaf_of_access(target: Target) -> None:
    redate_leaf(target, stored_seals.YEAR_9999, ACCESSES)


def redate_leaf_beyond_calendar(target: Target) -> None:
    redate_leaf(target, stored_seals.NO_TIME)


def replace_access(target: Target) -> None:
    """Replace the user of a sealed access, whose leaf is moved away."""
    newest = target.rows(ACCESSES)[-1]
    redate_leaf_of_access(target)
    forged = {"id": uuid7(), "user_label": "eve@example.com"}
    target.add(ACCESSES, newest | forged)


def give_leaf_its_neighbours_id(target: Target) -> None:
    def edit(leaves: list[bytes]) -> list[bytes]:
        prune_leaf_row(target, leaves[-1], CHANGES)
        return [*leaves[:-1], rename(leaves[-1], leaves[-2])]

    edit_leaves(target, edit)


def drop_leaf(target: Target) -> None:
    edit_leaves(target, lambda leaves: leaves[:-1])


def swap_leaves(target: Target) -> None:
    edit_leaves(target, lambda leaves: [*leaves[:-2], leaves[-1], leaves[-2]])


def repeat_leaf(target: Target) -> None:
    edit_leaves(target, lambda leaves: [*leaves, leaves[-1]])


def append_byte(target: Target) -> None:
    edit_leaves(target, lambda leaves: [*leaves, b"x"])


def leave_one_byte(target: Target) -> None:
    edit_leaves(target, lambda _: [b"x"])


def change_row_and_leaf(target: Target) -> None:
    before = products(target)[0]
    rows.change_reason(target)
    stored_seals.replace_digest(target, before, products(target)[0])


def change_leaf(target: Target) -> None:
    """Change the hash of the last leaf, and leave its row."""
    edit_leaves(target, lambda leaves: [*leaves[:-1], leaves[-1][:-32] + b"x" * 32])


def change_single_row_and_leaf(target: Target) -> None:
    """Change a row that the signed root covers by a hash of its own."""
    id = next(
        stored_seals.ids_of(seal)[-1]
        for seal in list_seals(target)
        if seal.log == CHANGES.name and (seal.size or 0) % 2
    )
    before = find_row(target, id)
    target.execute(update(ROWS).where(ROWS.c.id == id).values(reason="x"))
    stored_seals.replace_digest(target, before, find_row(target, id))


def find_row(target: Target, id: UUID) -> Row:
    return next(row for row in target.rows(CHANGES) if row["id"] == id)


def change_row_and_move_position_back(target: Target) -> None:
    """Change the newest row, and let it be sealed again."""
    newest = target.rows(CHANGES)[-1]["id"]
    target.execute(update(ROWS).where(ROWS.c.id == newest).values(reason="x"))
    move_position_back(target)


def change_count(target: Target) -> None:
    stored_seals.change_seal(target, 1, count=0)


def delete_first_seal(target: Target) -> None:
    stored_seals.delete_seal(target, 1)


def delete_newest_seal(target: Target) -> None:
    stored_seals.delete_newest(target)


def delete_all_seals(target: Target) -> None:
    stored_seals.delete_all(target)


def delete_seals_and_mark_adopted(target: Target) -> None:
    """Delete all seals, and mark the files, so that their manifests do not tell."""
    stored_seals.delete_all(target)
    archive = model_table(AuditArchive)
    target.execute(update(archive).values(adopted_at=datetime.now(UTC)))


def delete_seals_and_change_row(target: Target) -> None:
    """Delete all seals, and change a row before the application seals all rows."""
    rows.change_reason(target)
    stored_seals.delete_all(target)


def delete_newest_and_its_rows(target: Target) -> None:
    """Remove the end of the log: the newest seal with all rows that it covers."""
    newest = list_seals(target)[-1]
    ids = stored_seals.ids_of(newest)
    log = CHANGES if newest.log == CHANGES.name else ACCESSES
    target.prune(delete(log.live).where(log.live.c.id.in_(ids)))
    stored_seals.delete_newest(target)


def move_position_back(target: Target) -> None:
    stored_seals.move_position(target, 0)


def move_position_ahead(target: Target) -> None:
    stored_seals.move_position(target, inserts.FUTURE)


def change_roots(target: Target) -> None:
    stored_seals.change_roots(target)


def delete_all_runs(target: Target) -> None:
    stored_seals.delete_runs(target)
