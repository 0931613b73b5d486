"""Exports of the logs in the process of the test."""

import json
from pathlib import Path
from typing import Any

from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import LOGS
from app.audit.export.repository import Span
from scripts.archive.cursor_file import CursorFile
from scripts.archive.export import Export
from scripts.archive.export_formats import Format
from tests.audit.archive.rows import AuditLog


def export(
    audit_log: AuditLog,
    kind: str,
    *tables: str,
    after: dict[str, str] | None = None,
    file: Path | None = None,
    span: Span = (None, None),
) -> str:
    """Return what the command writes to standard output."""
    output = bytearray()
    cursors = CursorFile(str(file or ""))

    async def run(context: ArchiveContext) -> None:
        given = cursors.read() if after is None else after
        command = Export(
            context.database, Format(kind), span, cursors, given, output.extend
        )
        await command.run([LOGS[name] for name in tables or LOGS])  # type: ignore[index]

    audit_log.run(run)
    return output.decode()


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def ids(text: str) -> list[str]:
    return [line["id"] for line in lines(text)]
