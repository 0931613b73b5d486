"""Records of files in the database, which repeat what the manifests say.

The API and `restore` go by them: they tell which changes are archived.
"""

from typing import Any

from app.audit.archive.files.manifest import SignedManifest
from app.audit.archive.models import AuditArchive, FileState


def record_values(signed: SignedManifest) -> dict[str, Any]:
    """Return the columns of the file's record, in state VERIFIED."""
    return {
        "state": FileState.VERIFIED,
        "count": signed.manifest.count,
        "size": signed.manifest.file_bytes,
        "first_at": signed.manifest.first.at,
        "last_at": signed.manifest.last.at,
        "manifest": signed.hash,
    }


def find_record_error(file: AuditArchive, signed: SignedManifest) -> str | None:
    """Return why the record is not that of this manifest, or None."""
    values = record_values(signed)
    if file.state in [*FileState]:
        values["state"] = file.state
    for name, value in values.items():
        if getattr(file, name) != value:
            return f"its record in audit_archive has another {name}"
    return None
