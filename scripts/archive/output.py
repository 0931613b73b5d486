"""Printed output of the archive commands, as text or JSON."""

import orjson
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.audit.archive.adopt.report import AdoptReport
from app.audit.archive.canonical import json_default
from app.audit.archive.partitions.summary import PartitionSummary
from app.audit.archive.plan import Plan
from app.audit.archive.progress import Progress as ProgressLimit
from app.audit.archive.run.totals import RunTotals
from app.audit.archive.search.query import SearchResult
from app.audit.archive.status import LogStatus, Status
from app.audit.archive.verify.report import Proven, VerificationReport
from app.core.text import printable

JSON_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS
PRINTED_APART = ("unfinished", "copied", "partitions")  # in lines
MEGABYTE = 1_000_000
MAX_FINDINGS = 20  # as text; --json prints up to 1000 of each kind


class ProgressBar(ProgressLimit):
    """Display rows and steps on standard error, if it is a terminal."""

    def __enter__(self) -> "ProgressBar":
        console = Console(stderr=True)
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,} rows"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self.bar.start()
        self.task = self.bar.add_task("starting", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def report_step(self, name: str, file: str) -> None:
        self.bar.update(self.task, description=f"{file}: {name}")

    def report_rows(self, count: int) -> None:
        self.bar.advance(self.task, count)
        super().report_rows(count)


def print_json(value: object) -> None:
    print(orjson.dumps(value, default=json_default, option=JSON_OPTIONS).decode())


def megabytes(count: int) -> str:
    return f"{count / MEGABYTE:,.1f} MB"


def pluralize(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def print_plans(plans: list[Plan]) -> None:
    for plan in plans:
        print(f"{plan.log}, before {plan.before:%Y-%m-%d} (UTC):")
        if not plan.rows:
            print("  no rows to archive")
        else:
            first, last = plan.days[0].day, plan.days[-1].day
            rows, days = pluralize(plan.rows, "row"), pluralize(len(plan.days), "day")
            print(f"  archive: {rows} of {days}, {first} to {last}")
            lines, files = megabytes(plan.line_bytes), megabytes(plan.file_bytes)
            print(f"  size: about {lines} of JSON, {files} compressed")
        print(f"  keep live: {plan.staying:,} newer rows, {plan.held:,} on legal hold")
        if plan.waiting:
            rows = pluralize(plan.waiting, "archived row")
            print(f"  keep live: {rows}, until all of their partition is archived")
        for name in plan.partitions:
            print(f"  compare with the files, then drop: {name}")
        for name in plan.copied:
            print(f"  some of the rows on legal hold are also in {name}")
    print("Nothing was changed. To archive these rows, use `run`.")


def print_totals(totals: dict[str, RunTotals]) -> None:
    for name, done in totals.items():
        rows, files = pluralize(done.rows, "row"), pluralize(done.files, "file")
        print(f"{name}: {rows} in {files}, {megabytes(done.bytes)}")
        for note in done.notes:
            print(f"  {note}")


def print_purged(counts: dict[str, int]) -> None:
    for name, count in counts.items():
        print(f"{name}: {pluralize(count, 'restored row')} deleted")


def print_report(report: VerificationReport) -> None:
    print(
        f"Verified {report.live:,} live rows, {report.cold:,} rows in {report.files} "
        f"files, {report.restored:,} restored rows, and {report.seals:,} seals."
    )
    if oldest := report.oldest_unsealed:
        print(f"Not sealed yet: {report.unsealed:,} rows, the oldest of {oldest}.")
    if report.late:
        print(f"Inserted late, to be sealed by the next run: {report.late:,} accesses.")
    if report.sealed_late:
        print(f"Sealed late, after rows of a later time: {report.sealed_late:,} rows.")
    if report.adopted:
        files = pluralize(len(report.adopted), "file")
        print(f"Adopted after a restore: {files}, the first is {report.adopted[0]}.")
    for name, reason in report.unasked.items():
        print(f"{name}: the witness says nothing: {reason}.")
    for name, proven in report.proven.items():
        print(f"{name}: {describe_proof(proven)}")
    for kind, count in sorted(report.counts.items()):
        print(f"{kind}: {count:,}")
    for finding in report.findings[:MAX_FINDINGS]:
        print(printable(f"  {finding.kind} {finding.where}: {finding.detail}"))
    if not report.findings:
        print("No findings.")


def print_adoption(report: AdoptReport) -> None:
    for file in report.files:
        rows = pluralize(file.rows, "row")
        print(f"{file.name}: {rows}, {file.live:,} live, {file.late:,} sealed late")
    for contradiction in report.contradictions:
        print(printable(f"contradiction: {contradiction}"))
    for name, count in report.foreign.items():
        print(f"{name}: {pluralize(count, 'row')} of another server, not sealed there")
    if not (report.files or report.foreign or report.contradictions):
        print("Every file is recorded: nothing to adopt.")


def describe_proof(proven: Proven) -> str:
    """Say how far the end of a log is proven by what lies outside the database."""
    if not proven.source:
        return (
            "no checkpoint kept elsewhere was given, so all "
            f"{proven.of:,} leaves could have been replaced, by anyone who has the "
            "signing key or had deleted all seals"
        )
    rest, done = proven.of - proven.size, "signed" if proven.is_signed else "sealed"
    return (
        f"{proven.size:,} of {proven.of:,} leaves are proven by {proven.source}, "
        f"{done} {proven.at:%Y-%m-%d %H:%M} UTC; nothing outside proves the other "
        f"{rest:,}"
    )


def print_search_result(result: SearchResult) -> None:
    for row in result.rows:
        print(orjson.dumps(row).decode())
    summary = (
        f"{len(result.rows)} rows; {result.read} files read, {result.skipped} skipped"
    )
    Console(stderr=True).print(summary)


def print_partitions(name: str, found: PartitionSummary) -> None:
    until = f"{found.until:%Y-%m}" if found.until else "no month"
    print(f"Partitions of {name}: {found.count}, up to before {until}")
    if found.waiting:
        rows = pluralize(found.waiting, "archived row")
        print(f"  {rows} stay live until all of their partition is archived")
    if found.outside:
        rows, ids = pluralize(found.outside, "row"), ", ".join(found.outside_ids)
        print(f"  {rows} in {found.default}, with ids of other months: {ids}")
        print("  Check the clocks of the servers.")


def print_status(status: Status) -> None:
    # A column for each log: a row would not fit into a terminal.
    table = Table("", *status.logs)
    for each in LogStatus.__annotations__:
        if each not in PRINTED_APART:
            table.add_row(
                each, *(str(getattr(log, each)) for log in status.logs.values())
            )
    for name, log in status.logs.items():
        for file in log.unfinished:
            print(f"Unfinished, resumed by the next run: {file}")
        for file in log.copied:
            print(f"Kept live by a legal hold, although also in {file}")
        if log.partitions:
            print_partitions(name, log.partitions)
    Console().print(table)
    if seal := status.newest_seal:
        print(f"Newest seal: {seal['number']} {seal['hash']}, {seal['sealed_at']}")
    for hold in status.holds:
        target = f"{hold['entity']} {hold['entity_id'] or '(all)'}"
        print(f"Hold {hold['id']}: {target}, {hold['reason']} ({hold['placed_by']})")
