"""Attacks of a database administrator on rows of the live logs."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import JSON, String, cast, delete, func, text, update
from sqlalchemy.exc import DBAPIError

from app.audit.archive.canonical import Row
from app.audit.archive.logs import ACCESSES, CHANGES
from app.core.db.ids import uuid7
from tests.audit.archive.attacks.acts import inserts
from tests.audit.archive.attacks.acts.target import ARCHIVED, Target
from tests.audit.archive.rows import OLD, make_change

ROWS, REQUESTS = CHANGES.live, ACCESSES.live
RAW = JSON().with_variant(String(), "sqlite")  # there a cast to JSON makes a number


def products(target: Target) -> list[Row]:
    """Return the live changes of products, which all are sealed."""
    return [row for row in target.rows(CHANGES) if row["entity"] == "Product"]


def change(target: Target, **values: object) -> None:
    """Change the first sealed live row."""
    id = products(target)[0]["id"]
    target.execute(update(ROWS).where(ROWS.c.id == id).values(values))


def change_reason(target: Target) -> None:
    change(target, reason="x")


def change_value(target: Target) -> None:
    change(target, new={"price": "2.51"})


def add_second_price(target: Target) -> None:
    """Put a false price before the true one, which parsers of JSON take."""
    id, new = products(target)[0]["id"], cast(ROWS.c.new, String)
    false = func.replace(new, "{", '{"price": "999.00", ')
    target.execute(update(ROWS).where(ROWS.c.id == id).values(new=cast(false, RAW)))


def change_time(target: Target) -> None:
    change(target, at=ARCHIVED + timedelta(minutes=2, seconds=30))


def change_id(target: Target) -> None:
    change(target, id=uuid7())


def change_number(target: Target) -> None:
    """Give a sealed row the number of the newest transaction."""
    change(target, transaction_id=max(r["transaction_id"] for r in products(target)))


def change_number_to_future(target: Target) -> None:
    change(target, transaction_id=inserts.FUTURE)


def delete_row(target: Target) -> None:
    target.execute(delete(ROWS).where(ROWS.c.id == products(target)[0]["id"]))


def prune_row(target: Target) -> None:
    target.prune(delete(ROWS).where(ROWS.c.id == products(target)[0]["id"]))


def delete_access(target: Target) -> None:
    id = target.rows(ACCESSES)[-1]["id"]
    target.execute(delete(REQUESTS).where(REQUESTS.c.id == id))


def swap_ids(target: Target) -> None:
    """Exchange the ids of two rows."""
    first, second = (row["id"] for row in products(target)[:2])
    spare = UUID(int=7)
    pairs = (first, spare), (second, first), (spare, second)
    target.execute(
        *(update(ROWS).where(ROWS.c.id == old).values(id=new) for old, new in pairs)
    )


def swap_times(target: Target) -> None:
    first, second = products(target)[:2]
    for row, other in ((first, second), (second, first)):
        at = {"at": other["at"]}
        target.execute(update(ROWS).where(ROWS.c.id == row["id"]).values(at))


def replace_row(target: Target) -> None:
    delete_row(target)
    inserts.insert_row(target)


def replay_table(target: Target) -> None:
    """Replace the table with an older copy of it, in which rows are missing."""
    late = products(target)[-1]
    target.execute(delete(ROWS).where(ROWS.c.at >= late["at"]))


def add_column(target: Target) -> None:
    target.define("ALTER TABLE audit_change ADD COLUMN trace_id VARCHAR(32)")


def delete_versions(target: Target) -> None:
    """Delete the middle of a record's versions."""
    middle = ROWS.c.entity == "Customer", ROWS.c.version.in_([2, 3])
    target.execute(delete(ROWS).where(*middle))


def change_record(target: Target) -> None:
    target.execute(text("UPDATE customer SET notes = 'paid'"))


def delete_record(target: Target) -> None:
    target.execute(text("DELETE FROM customer"))


def store_any_json(target: Target) -> None:
    """Insert an integer of 70 bits, which neither orjson nor SQLite's JSON has."""
    target.add(CHANGES, make_change(OLD, 1_000, new={"stock": 2**70}))


def write_to_log(target: Target) -> None:
    """Delete a row with the triggers in force; they reject it."""
    try:
        target.connect(lambda each: each.execute(delete(ROWS)))
    except DBAPIError:
        return
    raise AssertionError("The triggers let the statement pass")
