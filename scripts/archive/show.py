"""How the answers look: for people, or as JSON."""

import orjson
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.audit.archive.canonical import spell
from app.audit.archive.plan import Plan
from app.audit.archive.progress import Progress as Quiet
from app.audit.archive.run.archiver import Outcome
from app.audit.archive.search.query import SearchResult
from app.audit.archive.status import Status
from app.audit.archive.verify.report import Report

OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS
MEGABYTE = 1_000_000
SHOWN = 20  # findings; --json shows up to a thousand of each kind


class Bar(Quiet):
    """Shows rows and steps on standard error, if that is a terminal."""

    def __enter__(self) -> "Bar":
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

    def step(self, name: str, file: str) -> None:
        self.bar.update(self.task, description=f"{file}: {name}")

    def rows(self, count: int) -> None:
        self.bar.advance(self.task, count)
        super().rows(count)


def as_json(value: object) -> None:
    print(orjson.dumps(value, default=spell, option=OPTIONS).decode())


def megabytes(count: int) -> str:
    return f"{count / MEGABYTE:,.1f} MB"


def counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def show_plans(plans: list[Plan]) -> None:
    for plan in plans:
        print(f"{plan.log}, before {plan.before:%Y-%m-%d} (UTC):")
        if not plan.rows:
            print("  nothing to do")
        else:
            first, last = plan.days[0].day, plan.days[-1].day
            rows, days = counted(plan.rows, "row"), counted(len(plan.days), "day")
            print(f"  {rows} of {days}, {first} to {last}")
            lines, files = megabytes(plan.line_bytes), megabytes(plan.file_bytes)
            print(f"  about {lines} of JSON, packed into about {files}")
        print(f"  stay: {plan.staying:,} newer rows, {plan.held:,} on legal hold")
    print("Nothing was changed. `run` does it.")


def show_outcomes(outcomes: dict[str, Outcome]) -> None:
    for name, done in outcomes.items():
        rows, files = counted(done.rows, "row"), counted(done.files, "file")
        print(f"{name}: {rows} in {files}, {megabytes(done.bytes)}")


def show_purged(counts: dict[str, int]) -> None:
    for name, count in counts.items():
        print(f"{name}: {counted(count, 'restored row')} deleted")


def show_report(report: Report) -> None:
    print(
        f"Compared {report.live:,} live rows, {report.cold:,} rows in {report.files} "
        f"files and {report.seals:,} seals."
    )
    if report.unsealed:
        print(f"{report.unsealed:,} rows are newer than the newest seal.")
    if report.late:
        print(f"{report.late:,} accesses came late; the next run seals them.")
    for kind, count in sorted(report.counts.items()):
        print(f"{kind}: {count:,}")
    for finding in report.findings[:SHOWN]:
        print(f"  {finding.kind} {finding.where}: {finding.detail}")
    if not report.findings:
        print("All is as it was sealed.")


def show_answer(answer: SearchResult) -> None:
    for row in answer.rows:
        print(orjson.dumps(row).decode())
    told = (
        f"{len(answer.rows)} rows; {answer.read} files read, {answer.skipped} skipped"
    )
    Console(stderr=True).print(told)


def show_status(status: Status) -> None:
    columns = "live oldest unsealed restored archived archived_until files".split()
    table = Table("log", *columns)
    for name, log in status.logs.items():
        table.add_row(name, *(str(getattr(log, column)) for column in columns))
        for file in log.unfinished:
            print(f"Unfinished, for the next run: {file}")
    Console().print(table)
    if seal := status.newest_seal:
        print(f"Newest seal: {seal['number']} {seal['hash']} of {seal['sealed_at']}")
    for hold in status.holds:
        what = f"{hold['entity']} {hold['entity_id'] or '(all)'}"
        print(f"Hold {hold['id']}: {what}, {hold['reason']} ({hold['placed_by']})")
