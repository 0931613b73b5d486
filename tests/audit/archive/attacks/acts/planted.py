"""Attacks of a storage administrator who adds files to the archive folder."""

from tests.audit.archive.attacks.acts.files import change_line_and_sign
from tests.audit.archive.attacks.acts.stored_files import (
    DATA,
    INDEX,
    MANIFEST,
    file_set,
    files,
)
from tests.audit.archive.attacks.acts.target import Target

PLANTED = "changes/2026/01/2026-01-01.0001"


def plant_file(target: Target) -> None:
    """Add a copy of a file, its manifest and its index under another number."""
    for path in file_set(target, 0):
        copy = path.with_name(path.name.replace(".0001", ".0002"))
        copy.write_bytes(path.read_bytes())


def plant_forged_file(target: Target) -> None:
    """Add a file with a changed row, and a manifest with a signature of one's own."""
    base = target.folder / PLANTED
    base.parent.mkdir(parents=True)
    originals = {ending: files(target, ending)[0] for ending in (DATA, INDEX, MANIFEST)}
    kept = {ending: path.read_bytes() for ending, path in originals.items()}
    change_line_and_sign(target)
    for ending, path in originals.items():
        base.with_name(f"{base.name}.{ending}").write_bytes(path.read_bytes())
        path.write_bytes(kept[ending])
