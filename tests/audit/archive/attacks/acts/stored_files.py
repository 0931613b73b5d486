"""Files of the archive folder, as an attacker reads and writes them."""

import gzip
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from app.audit.archive.canonical import Row
from app.audit.archive.logs import CHANGES
from app.audit.archive.tree.merkle import leaf_hash, merkle_root
from tests.audit.archive.attacks.acts.target import Target

DATA, MANIFEST, INDEX = "jsonl.gz", "manifest.json", "keys"


def files(target: Target, ending: str = DATA) -> list[Path]:
    """Return the files of the change log in the order of their days."""
    return sorted(target.folder.glob(f"changes/**/*.{ending}"))


def file_set(target: Target, which: int) -> list[Path]:
    """Return the paths of a file, its index and its manifest."""
    base = files(target)[which].name.removesuffix(DATA)
    return sorted(target.folder.glob(f"changes/**/{base}*"))


def read_lines(target: Target, which: int = 0) -> list[bytes]:
    return gzip.decompress(files(target)[which].read_bytes()).splitlines()


def read_rows(target: Target, which: int = 0) -> list[Row]:
    """Return the rows of a file, without the numbers of their transactions."""
    rows = [CHANGES.parse_row(json.loads(line)) for line in read_lines(target, which)]
    for row in rows:
        del row["transaction_id"]
    return rows


def write_content(target: Target, content: bytes) -> Path:
    """Replace the uncompressed content of the first file."""
    path = files(target)[0]
    path.write_bytes(gzip.compress(content))
    return path


def change_line(target: Target) -> Path:
    """Change a value in the first line of the first file."""
    content = gzip.decompress(files(target)[0].read_bytes())
    return write_content(target, content.replace(b'"stock":0', b'"stock":9'))


def edit_manifest(target: Target, **values: Any) -> None:
    path = files(target, MANIFEST)[0]
    path.write_bytes(write_manifest(json.loads(path.read_text()) | values))


def write_manifest(values: dict[str, Any]) -> bytes:
    """Return a manifest in the bytes in which the application writes it."""
    return json.dumps(values, indent=2, ensure_ascii=False).encode() + b"\n"


def recompute_hashes(target: Target) -> None:
    """Make a manifest match the changed first file, but for its signature."""
    path = files(target, MANIFEST)[0]
    stored = files(target)[0].read_bytes()
    content = gzip.decompress(stored)
    edit_manifest(
        target,
        content_bytes=len(content),
        content_sha256=sha256(content).hexdigest(),
        file_bytes=len(stored),
        file_sha256=sha256(stored).hexdigest(),
        root=merkle_root(map(leaf_hash, content.splitlines())),
    )
    edit_manifest(target, hash=hash_manifest(path))


def hash_manifest(path: Path) -> str:
    """Compute the hash of a manifest from its other members."""
    values = json.loads(path.read_text())
    for name in ("hash", "kid", "signature"):
        del values[name]
    content = json.dumps(
        values, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return sha256(content.encode()).hexdigest()


def swap(first: Path, second: Path) -> None:
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)
