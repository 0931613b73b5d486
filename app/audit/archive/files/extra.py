"""Entries of a log's folder that are none of its recorded files."""

from collections.abc import Iterator, Sequence

from app.audit.archive.logs import LogName
from app.audit.archive.models import AuditArchive
from app.audit.archive.store.store import ADOPT, SUFFIXES, Store


def find_extra(
    store: Store, log: LogName, files: Sequence[AuditArchive]
) -> Iterator[tuple[str, str]]:
    """Yield the paths of manifests, links and the like, and what they are."""
    known = {file.manifest_path for file in files}
    for path in store.list_manifests(log):
        if path not in known:
            yield path, f"not in audit_archive. {ADOPT}"
    # What is in the place of a recorded file is reported when that is read.
    known |= {f"{file.name}.{each}" for file in files for each in SUFFIXES}
    for path in store.list_irregular(log):
        if path not in known and not path.endswith(SUFFIXES[-1]):
            yield path, "no regular file, and never followed"
