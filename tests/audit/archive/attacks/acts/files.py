"""Attacks of a storage administrator on the archive folder."""

import json
import shutil
import subprocess
from pathlib import Path
from uuid import UUID

from tests.audit.archive.attacks.acts import stored_seals
from tests.audit.archive.attacks.acts.stored_files import (
    DATA,
    INDEX,
    MANIFEST,
    change_line,
    edit_manifest,
    file_set,
    files,
    hash_manifest,
    recompute_hashes,
    swap,
    write_content,
)
from tests.audit.archive.attacks.acts.target import Target

PLANTED = "changes/2026/01/2026-01-01.0001"


def change_archived_line(target: Target) -> None:
    change_line(target)


def change_line_and_hashes(target: Target) -> None:
    """Change a line, and compute the hashes of the file and the manifest again."""
    change_line(target)
    recompute_hashes(target)


def change_line_and_sign(target: Target) -> None:
    change_line_and_hashes(target)
    sign_manifest(target)


def truncate_file(target: Target) -> None:
    path = files(target)[0]
    path.write_bytes(path.read_bytes()[:-20])


def corrupt_file(target: Target) -> None:
    content = bytearray(files(target)[0].read_bytes())
    content[20] ^= 255
    files(target)[0].write_bytes(content)


def empty_file(target: Target) -> None:
    files(target)[0].write_bytes(b"")


def write_other_json(target: Target) -> None:
    write_content(target, b"{}")


def inflate_file(target: Target) -> None:
    """Put more lines into a file than any has: a thousandth of them is stored."""
    write_content(target, b"\n" * 1_000_000)


def delete_file(target: Target) -> None:
    files(target)[0].unlink()


def delete_manifest(target: Target) -> None:
    files(target, MANIFEST)[0].unlink()


def delete_index(target: Target) -> None:
    files(target, INDEX)[0].unlink()


def delete_file_set(target: Target) -> None:
    for path in file_set(target, 0):
        path.unlink()


def delete_newest_file_set(target: Target) -> None:
    for path in file_set(target, -1):
        path.unlink()


def delete_folder(target: Target) -> None:
    """Remove all content of the folder."""
    for path in target.folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def delete_identity(target: Target) -> None:
    (target.folder / "identity.json").unlink()


def change_identity(target: Target) -> None:
    content = json.dumps({"archive": "0" * 32})
    (target.folder / "identity.json").write_text(content)


def swap_files(target: Target) -> None:
    swap(*files(target)[:2])


def swap_manifests(target: Target) -> None:
    swap(*files(target, MANIFEST)[:2])


def swap_file_sets(target: Target) -> None:
    """Exchange two days: files, indexes and manifests."""
    for ending in (DATA, INDEX, MANIFEST):
        swap(*files(target, ending)[:2])


def empty_index(target: Target) -> None:
    files(target, INDEX)[0].write_bytes(b"")


def change_manifest(target: Target) -> None:
    edit_manifest(target, count=5)


def sign_manifest(target: Target) -> None:
    path = files(target, MANIFEST)[0]
    digest = hash_manifest(path)
    edit_manifest(target, hash=digest, **stored_seals.sign(digest))


def rewrite_manifest(target: Target, old: str, new: str) -> None:
    """Change the bytes of a manifest, and not the value that is signed."""
    path = files(target, MANIFEST)[0]
    before = path.read_text()
    path.write_text(before.replace(old, new, 1))
    assert path.read_text() != before


def repeat_member_of_manifest(target: Target) -> None:
    """Put a false count before the true one, which parsers of JSON take."""
    rewrite_manifest(target, '"count":', '"count": 5, "count":')


def add_member_to_manifest(target: Target) -> None:
    rewrite_manifest(target, '"count":', '"note": "5 rows", "count":')


def retype_member_of_manifest(target: Target) -> None:
    """Make the count a text of the same number."""
    count = json.loads(files(target, MANIFEST)[0].read_text())["count"]
    rewrite_manifest(target, f'"count": {count}', f'"count": "{count}"')


def make_manifest_list(target: Target) -> None:
    files(target, MANIFEST)[0].write_text("[1]")


def make_manifest_null(target: Target) -> None:
    files(target, MANIFEST)[0].write_text("null")


def make_manifest_hash_number(target: Target) -> None:
    edit_manifest(target, hash=1)


def make_manifest_time_naive(target: Target) -> None:
    edit_manifest(target, first={"at": "2026-01-01T00:00:00", "id": str(UUID(int=1))})


def make_manifest_directory(target: Target) -> None:
    path = files(target, MANIFEST)[0]
    path.unlink()
    path.mkdir()


def make_file_directory(target: Target) -> None:
    path = files(target)[0]
    path.unlink()
    path.mkdir()


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


def plant_data(target: Target) -> None:
    """Add rows and an index, without a manifest."""
    for path in file_set(target, 0):
        if not path.name.endswith(MANIFEST):
            path.with_name(path.name.replace(".0001", ".0002")).write_bytes(b"")


def plant_unprintable_name(target: Target) -> None:
    """Add a manifest whose name is no text, and would break the line of a report."""
    path = files(target, MANIFEST)[0]
    odd = path.with_name("\udcff\n  No findings.\x1b[8m.manifest.json")
    odd.write_bytes(path.read_bytes())


def make_fifo(path: Path) -> None:
    path.unlink()
    subprocess.run(["mkfifo", path], check=True)


def make_manifest_fifo(target: Target) -> None:
    make_fifo(files(target, MANIFEST)[0])


def make_file_fifo(target: Target) -> None:
    make_fifo(files(target)[0])


def make_index_fifo(target: Target) -> None:
    make_fifo(files(target, INDEX)[0])


def make_identity_fifo(target: Target) -> None:
    make_fifo(target.folder / "identity.json")


def link_manifest_to_device(target: Target) -> None:
    path = files(target, MANIFEST)[0]
    path.unlink()
    path.symlink_to("/dev/zero")


def link_folder(target: Target) -> None:
    """Move the files of a log elsewhere, and leave a link."""
    folder = target.folder / "changes"
    elsewhere = folder.rename(target.folder / "elsewhere")
    folder.symlink_to(elsewhere)


def plant_fifo(target: Target) -> None:
    base = target.folder / f"{PLANTED}.manifest.json"
    base.parent.mkdir(parents=True)
    base.touch()
    make_fifo(base)


def plant_link(target: Target) -> None:
    """Add a link where the next file will be written."""
    path = target.folder / f"{PLANTED}.jsonl.gz.part"
    path.parent.mkdir(parents=True)
    path.symlink_to(target.folder / "identity.json")
