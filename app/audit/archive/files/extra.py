"""Entries of a log's folder that are not recorded files."""

from collections.abc import Iterator, Sequence

from app.audit.archive.logs import LogName
from app.audit.archive.models import AuditArchive
from app.audit.archive.store.store import ADOPT, SUFFIXES, UNPROVEN, Store

MANIFEST = SUFFIXES[-1]
NO_MANIFEST = "it has no manifest to verify it with; move it out of the folder, keep it"


def find_extra(
    store: Store, log: LogName, files: Sequence[AuditArchive]
) -> Iterator[tuple[str, str]]:
    """Yield the paths of manifests, links and the like, and what they are."""
    names = {file.name for file in files}
    known = {f"{name}.{suffix}" for name in names for suffix in SUFFIXES}
    for path in store.list_manifests(log):
        if path not in known:
            yield path, f"not in audit_archive. {ADOPT}"
    # What is in the place of a recorded file is reported when that is read.
    irregular = {*store.list_irregular(log)} - known
    for path in sorted(irregular):
        if not path.endswith(MANIFEST):
            yield path, "no regular file, and never followed"
    for path in find_unproven(store, log, names):
        if path not in irregular:
            yield path, NO_MANIFEST


def find_unproven(store: Store, log: LogName, names: set[str]) -> Iterator[str]:
    """Yield data files and indexes with neither a record of this name nor a manifest.

    The application does not read them; a program such as DuckDB does.
    """
    names = names | {
        path.removesuffix(f".{MANIFEST}") for path in store.list_manifests(log)
    }
    for suffix in UNPROVEN:
        for path in store.list_files(log, suffix):
            if path.removesuffix(f".{suffix}") not in names:
                yield path
