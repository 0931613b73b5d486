"""Attacks of a database administrator who inserts rows into the live logs."""

from app.audit.archive.logs import ACCESSES, CHANGES
from tests.audit.archive.attacks.acts import stored_files
from tests.audit.archive.attacks.acts.target import Target
from tests.audit.archive.rows import OLD, make_access, make_change

FUTURE = 2**62


def insert_row(target: Target) -> None:
    """Insert a row with the number of a transaction whose rows are sealed."""
    target.add(CHANGES, make_change(OLD, 1_000, transaction_id=1))


def insert_row_without_number(target: Target) -> None:
    target.add(CHANGES, make_change(OLD, 1_000, transaction_id=None))


def insert_row_of_future(target: Target) -> None:
    target.add(CHANGES, make_change(OLD, 1_000, transaction_id=FUTURE))


def insert_row_as_new(target: Target) -> None:
    target.add(CHANGES, make_change(OLD, 1_000))


def insert_access(target: Target) -> None:
    target.add(ACCESSES, make_access(OLD, 1_000, transaction_id=1))


def insert_access_without_number(target: Target) -> None:
    target.add(ACCESSES, make_access(OLD, 1_000, transaction_id=None))


def duplicate_row(target: Target) -> None:
    """Insert an archived row into the live table again, as already sealed."""
    target.add(CHANGES, stored_files.read_rows(target)[0] | {"transaction_id": None})


def duplicate_row_as_new(target: Target) -> None:
    target.add(CHANGES, stored_files.read_rows(target)[0])
