"""Checkpoints that were exported to a file: AUDIT_SEAL_FILE, or one made by hand."""

from pathlib import Path

from pydantic import TypeAdapter

from app.audit.archive.exceptions import ArchiveException
from app.audit.archive.files.manifest import SealRef
from app.audit.archive.tree.notes import PREFIX

SEAL = TypeAdapter(SealRef)
NO_FILE = (
    "{} does not exist. The application makes it with its first seal, within a minute "
    "of its first request."
)


def read_evidence(path: Path) -> list[SealRef | str]:
    """Read exported notes, and the seals of former releases.

    Raises:
        ArchiveException: there is no such file.
        OSError: it is unreadable.
    """
    try:
        text = path.read_text(errors="backslashreplace")
    except FileNotFoundError:
        raise ArchiveException(NO_FILE.format(path)) from None
    return parse_evidence(text)


def parse_evidence(text: str) -> list[SealRef | str]:
    """Return notes, and the seals of former releases, one JSON object per line.

    What is neither is returned as it is, and is reported as a note without a signature.
    """
    found: list[SealRef | str] = []
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("{"):
            found.append(read_reference(line))
            continue
        # A note ends with its signatures.
        if lines and lines[-1].startswith(PREFIX) and not line.startswith(PREFIX):
            found.append(join_note(lines))
            lines = []
        if line or lines:
            lines.append(line)
    return [*found, join_note(lines)] if lines else found


def read_reference(line: str) -> SealRef | str:
    try:
        return SEAL.validate_json(line)
    except ValueError:
        return line


def join_note(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
