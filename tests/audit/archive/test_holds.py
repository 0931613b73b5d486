"""Placing legal holds: unknown entities are rejected, names are normalized."""

from uuid import UUID

import pytest

from app.core.db.ids import uuid7
from tests.audit.archive.commands import command
from tests.audit.archive.places import both_places
from tests.audit.archive.rows import PEN, AuditLog
from tests.processes.forked import Done

pytestmark = [pytest.mark.either, pytest.mark.slow]

REASON = ("--reason", "Case 1")
UNKNOWN = UUID(int=99)


def place(audit_log: AuditLog, *words: str, **values: str) -> Done:
    return command(audit_log, "hold", "place", *words, *REASON, **values)


def holds(audit_log: AuditLog) -> list[tuple[str, str | None]]:
    found = command(audit_log, "status", "--json").json["holds"]
    return [(hold["entity"], hold["entity_id"]) for hold in found]


def test_an_unknown_entity_type_is_rejected(audit_log: AuditLog) -> None:
    audit_log.fill()
    done = place(audit_log, "Produkt")
    assert (done.code, done.output) == (2, "")
    assert done.errors == (
        "Unknown entity type: Produkt. Types in the change log and its archive: "
        "Product. No hold was placed.\n"
    )
    assert holds(audit_log) == []


@pytest.mark.sampled
@both_places
@pytest.mark.parametrize("is_archived", [False, True])
def test_an_unknown_id_is_rejected(audit_log: AuditLog, *, is_archived: bool) -> None:
    audit_log.fill(days=1)
    if is_archived:
        audit_log.archive()
    done = place(audit_log, "Product", "--id", str(UNKNOWN))
    assert (done.code, done.output) == (2, "")
    assert done.errors.startswith(f"No change of Product {UNKNOWN} is in the log")
    assert "--force" in done.errors
    assert holds(audit_log) == []
    assert place(audit_log, "Product", "--id", str(UNKNOWN), "--force").code == 0
    assert place(audit_log, "Product", "--id", str(PEN)).code == 0
    ids = [id for _, id in holds(audit_log)]
    assert ids == [str(UNKNOWN), str(PEN)]


def test_an_id_of_another_type_is_unknown(audit_log: AuditLog) -> None:
    audit_log.fill(days=1)
    assert place(audit_log, "Product", "--id", str(uuid7())).code == 2


@both_places
def test_the_type_is_stored_as_the_log_spells_it(audit_log: AuditLog) -> None:
    audit_log.fill(days=1)
    assert place(audit_log, "pRODUCT").code == 0
    audit_log.archive()
    assert command(audit_log, "hold", "release", held(audit_log)).code == 0
    audit_log.archive()
    # Now the type is known from the archive alone.
    assert place(audit_log, "PRODUCT").code == 0
    assert holds(audit_log) == [("Product", None)]


def held(audit_log: AuditLog) -> str:
    (hold,) = command(audit_log, "status", "--json").json["holds"]
    return str(hold["id"])


def test_an_archive_that_cannot_be_searched(audit_log: AuditLog) -> None:
    audit_log.fill(days=1)
    audit_log.archive()
    done = place(audit_log, "Product", AUDIT_ARCHIVE_DIR="")
    assert (done.code, done.output) == (2, "")
    assert "--dest" in done.errors
    assert holds(audit_log) == []


def test_a_hold_needs_a_short_reason(audit_log: AuditLog) -> None:
    audit_log.fill(days=1)
    for reason in ("", " ", "x" * 501):
        done = command(audit_log, "hold", "place", "Product", "--reason", reason)
        assert (done.code, done.output) == (2, "")
        assert "--reason" in done.errors
    assert holds(audit_log) == []
