"""Partitions of the access log: created ahead, dropped when all of it is cold."""

from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from alembic.command import check
from sqlalchemy import text

from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.logs import ACCESSES, CHANGES
from app.audit.archive.partitions.months import MONTHS, months_from
from app.audit.archive.partitions.repository import Partition
from app.audit.archive.progress import Progress
from app.audit.archive.run import partition_pruner
from app.audit.archive.run.partition_pruner import PartitionPruner
from app.audit.archive.verify.report import FindingKind
from app.audit.metrics.gauges import AuditGauges
from app.core.clock import now
from tests.audit.archive.commands import KEEP, command
from tests.audit.archive.rows import AuditLog, CallAtStep, make_access, make_changes
from tests.audit.archive.run.past import (
    DEFAULT,
    MONTH,
    PARTITION,
    START,
    count_rows,
    create_partition,
    delete,
    execute,
    id_at,
    partitions,
    past_accesses,
)
from tests.databases import alembic_config


@pytest.fixture
def log(audit_log: AuditLog) -> AuditLog:
    """The logs, with an empty partition of a past month."""
    if not audit_log.keeps_archived(ACCESSES):
        pytest.skip("SQLite has no partitions")
    create_partition(audit_log)
    return audit_log


def test_a_partition_is_dropped_when_all_of_it_is_archived(log: AuditLog) -> None:
    log.add(ACCESSES, past_accesses())
    before = log.live_lines(ACCESSES)
    done = log.archive()["accesses"]
    dropped = f"Dropped the partition {PARTITION}. Its rows are in verified files: 8."
    assert (done.rows, done.files, done.notes) == (8, 2, [dropped])
    assert PARTITION not in partitions(log)
    assert log.live_lines(ACCESSES) == []
    assert log.lines(ACCESSES) == before
    assert log.count_findings() == {}
    states = execute(log, "SELECT DISTINCT state FROM audit_archive")
    assert [row.state for row in states] == ["pruned"]
    (entry,) = [row for row in log.rows(CHANGES) if row["reason"] == "dropped"]
    assert entry["new"] == {"partition": PARTITION, "rows": 8}


def test_a_partition_with_a_row_that_is_not_archived_stays(log: AuditLog) -> None:
    """Its time is after the last archived day, as that of a wrong clock."""
    odd = make_access(now(), 99, id=id_at(START + timedelta(days=1)))
    log.add(ACCESSES, [*past_accesses(), odd])
    assert log.archive()["accesses"].notes == []
    assert PARTITION in partitions(log)
    assert len(log.rows(ACCESSES)) == 9
    assert log.count_findings() == {}
    again = log.archive()["accesses"]
    assert (again.files, again.rows) == (0, 0)


@pytest.mark.heavy
def test_a_file_may_have_rows_in_two_partitions(log: AuditLog) -> None:
    """A request at midnight: its id is of the month before that of its time."""
    create_partition(log, MONTH.next)
    midnight = MONTH.next.start
    ids = [id_at(midnight + timedelta(minutes=each)) for each in (-1, 1, 2)]
    log.add(ACCESSES, [make_access(midnight, n, id=id) for n, id in enumerate(ids)])
    odd = make_access(now(), 99, id=id_at(midnight + timedelta(days=1)))
    log.add(ACCESSES, [odd])
    (note,) = log.archive()["accesses"].notes
    assert (
        note == f"Dropped the partition {PARTITION}. Its rows are in verified files: 1."
    )
    assert len(log.rows(ACCESSES)) == 2 + 1
    assert log.count_findings() == {}
    assert log.archive()["accesses"].files == 0
    delete(log, [odd["id"]])
    (note,) = log.archive()["accesses"].notes
    assert "Its rows are in verified files: 2." in note
    states = execute(log, "SELECT state FROM audit_archive")
    assert [row.state for row in states] == ["pruned"]
    assert len(log.lines(ACCESSES)) == 3
    assert log.count_findings() == {FindingKind.MISSING: 1}  # the row deleted above


@pytest.mark.heavy
def test_the_table_of_before_the_upgrade_is_dropped_too(log: AuditLog) -> None:
    execute(
        log,
        f"DROP TABLE {PARTITION}",
        "CREATE TABLE audit_access_old PARTITION OF audit_access "
        f"FOR VALUES FROM (MINVALUE) TO ('{MONTH.next.first_id}')",
    )
    log.add(ACCESSES, [*past_accesses(), make_access(START, 9, id=UUID(int=7))])
    done = log.archive()["accesses"]
    assert done.notes == [
        "Dropped the partition audit_access_old. Its rows are in verified files: 9."
    ]
    assert log.count_findings() == {}


def test_the_metrics_count_no_file_that_waits_for_its_partition(log: AuditLog) -> None:
    log.add(CHANGES, make_changes(days=1))
    log.add(ACCESSES, [*past_accesses(), make_access(now(), 99, id=id_at(START))])

    async def count_unfinished(context: ArchiveContext) -> dict[str, float]:
        parts = SimpleNamespace(access_log=None, feed=None)
        gauges = AuditGauges(context.database, parts, context.sealer)
        await gauges.read_ages()
        return gauges.unfinished

    log.archive()
    assert log.run(count_unfinished) == {"changes": 0, "accesses": 0}
    execute(log, "UPDATE audit_archive SET state = 'verified'")
    assert log.run(count_unfinished) == {"changes": 1, "accesses": 0}
    execute(log, "UPDATE audit_archive SET state = 'writing'")
    assert log.run(count_unfinished) == {"changes": 1, "accesses": 2}


@pytest.mark.heavy
def test_plan_and_status_show_what_waits(log: AuditLog) -> None:
    """For its partition, and what a wrong clock has put outside of all."""
    odd = make_access(now(), 99, id=id_at(START + timedelta(days=1)))
    stray = make_access(now(), 98, id=UUID(int=7))
    log.add(ACCESSES, [*past_accesses(), odd, stray])
    plan = command(log, "plan", *KEEP, "--json").json[1]
    assert ([day["rows"] for day in plan["days"]], plan["waiting"]) == ([4, 4], 0)
    assert plan["partitions"] == [PARTITION]
    assert command(log, "run", *KEEP, "--yes").code == 0
    plan = command(log, "plan", *KEEP, "--json").json[1]
    assert (plan["days"], plan["waiting"], plan["staying"]) == ([], 8, 2)
    shown = command(log, "plan", *KEEP).output
    assert "8 archived rows, until all of their partition is archived" in shown
    status = command(log, "status", "--json").json["logs"]["accesses"]
    assert (status["unfinished"], status["files"], status["archived"]) == ([], 2, 8)
    assert status["partitions"]["waiting"] == 8
    assert status["partitions"]["outside_ids"] == [str(stray["id"])]
    shown = command(log, "status").output
    assert f"1 row in {DEFAULT}, with ids of other months: {stray['id']}" in shown
    assert "PartitionSummary" not in shown
    delete(log, [odd["id"]])
    run = command(log, "run", *KEEP, "--yes")
    assert f"Dropped the partition {PARTITION}." in run.output
    plan = command(log, "plan", *KEEP, "--json").json[1]
    assert (plan["days"], plan["waiting"], plan["partitions"]) == ([], 0, [])


@pytest.mark.heavy
def test_late_rows_are_archived_once(log: AuditLog) -> None:
    early, late = past_accesses(), past_accesses(each=7)
    log.add(ACCESSES, early)
    log.progress = CallAtStep("described", stop)
    with pytest.raises(OSError, match="on purpose"):
        log.archive()
    log.progress = Progress()
    log.add(ACCESSES, late)
    before = log.live_lines(ACCESSES)
    done = log.archive()["accesses"]
    assert done.rows == len(before) == 22
    assert sorted(log.lines(ACCESSES)) == sorted(before)
    assert PARTITION not in partitions(log)
    assert log.count_findings() == {}


def stop() -> None:
    raise OSError("on purpose")


@pytest.mark.heavy
def test_rows_that_come_between_comparison_and_drop_stay(
    log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.add(ACCESSES, past_accesses())
    late = make_access(START + timedelta(hours=9), 50, id=id_at(START))
    count = PartitionPruner.count_archived

    async def insert_after(pruner: PartitionPruner, each: Partition) -> int | None:
        rows = await count(pruner, each)
        CallAtStep("", lambda: log.add(ACCESSES, [late])).report_step("", "")
        return rows

    with monkeypatch.context() as patch:
        patch.setattr(PartitionPruner, "count_archived", insert_after)
        (note,) = log.archive()["accesses"].notes
    assert note == f"{PARTITION} has new rows. The next run archives them."
    assert len(log.rows(ACCESSES)) == 9
    assert log.count_findings() == {}
    done = log.archive()["accesses"]
    assert (done.rows, len(done.notes)) == (1, 1)
    assert PARTITION not in partitions(log)
    assert log.count_findings() == {}


@pytest.mark.heavy
def test_a_row_that_a_count_hides_is_archived(log: AuditLog) -> None:
    """A verified row was deleted, and another one inserted late."""
    log.add(ACCESSES, past_accesses())
    odd = make_access(now(), 99, id=id_at(START + timedelta(days=1)))
    log.add(ACCESSES, [odd])
    log.archive()
    assert PARTITION in partitions(log)
    first = next(row["id"] for row in log.rows(ACCESSES) if row["at"] == START)
    delete(log, [odd["id"], first])
    late = make_access(START + timedelta(hours=9), 50, id=id_at(START))
    log.add(ACCESSES, [late])
    done = log.archive()["accesses"]
    assert (done.rows, done.notes) == (1, [])
    assert log.archive()["accesses"].notes != []
    assert PARTITION not in partitions(log)
    assert len(log.lines(ACCESSES)) == 9


def test_a_row_modified_after_it_was_archived_stops_the_drop(log: AuditLog) -> None:
    log.add(ACCESSES, past_accesses())
    tamper = (
        "SET LOCAL session_replication_role = replica",
        "UPDATE audit_access SET ip = '::1' WHERE request_id = 'request-3'",
    )
    log.progress = CallAtSecond("verified", lambda: execute(log, *tamper))
    with pytest.raises(VerificationException, match="was modified after it was arch"):
        log.archive()
    assert PARTITION in partitions(log)
    assert len(log.rows(ACCESSES)) == 8


class CallAtSecond(CallAtStep):
    """Call the function when the second file reaches the step."""

    seen = 0

    def report_step(self, name: str, file: str) -> None:
        self.seen += name == self.name
        if self.seen == 2:
            super().report_step(name, file)


def test_a_partition_in_use_is_dropped_by_the_next_run(
    log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.add(ACCESSES, past_accesses())
    monkeypatch.setattr(partition_pruner, "ATTEMPTS", 1)
    monkeypatch.setattr(partition_pruner, "PAUSE_SECONDS", 0)

    async def run_beside_a_reader(context: ArchiveContext) -> list[str]:
        pruner = PartitionPruner(context, ACCESSES)
        async with context.database.snapshot() as reader:
            await reader.scalar(text(f"TABLE {PARTITION}"))
            return await pruner.prune(now())

    log.progress = CallAtStep("verified", lambda: None)
    monkeypatch.setattr(PartitionPruner, "drop", never)
    log.archive()
    monkeypatch.undo()
    monkeypatch.setattr(partition_pruner, "ATTEMPTS", 1)
    (note,) = log.run(run_beside_a_reader)
    assert note == f"{PARTITION} is in use. The next run drops it."
    assert len(log.rows(ACCESSES)) == 8
    log.archive()
    assert PARTITION not in partitions(log)


async def never(*_: object) -> str:
    return "not now"


@pytest.mark.heavy
def test_archived_rows_of_the_default_partition_are_deleted(
    audit_log: AuditLog,
) -> None:
    """As on SQLite: their ids are of no month that has a partition."""
    audit_log.add(ACCESSES, past_accesses())
    before = audit_log.live_lines(ACCESSES)
    done = audit_log.archive()["accesses"]
    assert (done.rows, done.notes) == (8, [])
    assert audit_log.live_lines(ACCESSES) == []
    assert audit_log.lines(ACCESSES) == before
    assert audit_log.count_findings() == {}
    assert audit_log.archive()["accesses"].files == 0


def test_a_run_creates_the_months_to_come(log: AuditLog) -> None:
    """And moves their rows from the default partition."""
    *_, last = months_from(now(), MONTHS)
    name = last.partition_of("audit_access")
    execute(log, f"DROP TABLE {name}, {PARTITION}")
    row = make_access(now(), 1, id=id_at(last.start + timedelta(days=3)))
    log.add(ACCESSES, [row])
    assert count_rows(log, DEFAULT) == 1
    numbers = "SELECT transaction_id FROM {}"
    before = execute(log, numbers.format(DEFAULT))
    assert log.archive()["accesses"].notes == [f"Created the partition {name}."]
    assert count_rows(log, DEFAULT) == 0
    assert count_rows(log, name) == 1
    assert count_rows(log, "audit_pruning") == 0
    assert execute(log, numbers.format(name)) == before != [(None,)]
    definition = (
        "SELECT pg_get_expr(adbin, adrelid), indexdef FROM pg_attrdef, pg_indexes "
        "WHERE adrelid = to_regclass('{0}') AND tablename = '{0}' "
        "AND indexdef ~ 'transaction_id'"
    )
    ((default, index),) = execute(log, definition.format(name))
    assert "pg_current_xact_id()" in default
    assert index.endswith("USING btree (transaction_id)")
    options = "SELECT reloptions FROM pg_class WHERE relname = '{}'"
    assert execute(log, options.format(name)) == execute(log, options.format(DEFAULT))
    check(alembic_config(log.settings.DATABASE_URL))
    assert log.archive()["accesses"].notes == []
