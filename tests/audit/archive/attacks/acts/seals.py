"""Attacks of a database administrator on seals."""

from sqlalchemy import delete

from app.audit.archive.logs import ACCESSES, CHANGES, Log
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


def change_count(target: Target) -> None:
    stored_seals.change_seal(target, 1, count=0)


def delete_first_seal(target: Target) -> None:
    stored_seals.delete_seal(target, 1)


def delete_newest_seal(target: Target) -> None:
    stored_seals.delete_newest(target)


def delete_all_seals(target: Target) -> None:
    stored_seals.delete_all(target)


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
