"""Signed manifests of archive files, chained by the hash of the previous one."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from pydantic import AwareDatetime, TypeAdapter

from app.audit.archive.canonical import MALFORMED, hash_json, json_default
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.leaf_runs import LeafRuns
from app.audit.archive.logs import LogName, LogRange
from app.audit.archive.models import base_path
from app.audit.archive.seals.signing import Signature, Signer
from app.audit.archive.store.store import Store

FORMAT = 2  # 1 has no `archive`
JSON_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


@dataclass(frozen=True)
class RowRef:
    at: AwareDatetime
    id: UUID


@dataclass(frozen=True)
class SealRef:
    """Reference to a seal. A manifest has that of the newest seal, as evidence."""

    number: int
    hash: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    format: int
    log: LogName
    day: date
    number: int
    count: int
    first: RowRef
    last: RowRef
    entities: dict[str, int]
    content_bytes: int
    content_sha256: str
    file_bytes: int
    file_sha256: str
    keys_sha256: str
    root: str
    seal: SealRef
    previous: str
    archive: UUID | None = None
    # The newest signed checkpoints of both logs.
    checkpoints: tuple[str, ...] | None = None
    leaves: LeafRuns | None = None

    @property
    def name(self) -> str:
        return base_path(self.log, self.day, self.number)

    @property
    def data_path(self) -> str:
        return f"{self.name}.jsonl.gz"

    @property
    def index_path(self) -> str:
        return f"{self.name}.keys"

    @property
    def path(self) -> str:
        return f"{self.name}.manifest.json"

    def overlaps(self, log_range: LogRange) -> bool:
        first, last = (self.first.at, self.first.id), (self.last.at, self.last.id)
        return last > log_range.after and first <= log_range.until

    def stored_values(self) -> dict[str, Any]:
        """Return the fields by name; without those that older formats do not have.

        A field that is added later is None by default and changes no existing hash.
        """
        fields = asdict(self)
        return {name: value for name, value in fields.items() if value is not None}

    def compute_hash(self) -> str:
        return hash_json(self.stored_values())

    def find_archive_error(self, archive: UUID | None) -> str | None:
        """Return why the file is not one of this archive, or None."""
        if self.format > FORMAT:
            return f"its format {self.format} is newer than this release"
        if self.format > 1 and (archive is None or self.archive != archive):
            return f"it belongs to another archive: {self.archive}"
        return None

    def encode_signed(self, signer: Signer) -> bytes:
        digest = self.compute_hash()
        return encode_signed(self, digest, signer.sign(digest))


MANIFEST_ADAPTER = TypeAdapter(Manifest)
PROOF_ADAPTER = TypeAdapter(tuple[str, str, str])


@dataclass(frozen=True)
class SignedManifest:
    """A manifest as it was read. `is_exact`: its bytes are as they were written."""

    manifest: Manifest
    hash: str
    signature: Signature
    is_exact: bool

    def find_error(self, signer: Signer) -> str | None:
        if self.manifest.compute_hash() != self.hash:
            return "its content does not match its hash"
        if not self.is_exact:
            return "its bytes are not those that were written"
        return signer.find_error(self.hash, self.signature)


def encode_signed(manifest: Manifest, digest: str, signature: Signature) -> bytes:
    values = manifest.stored_values() | {"hash": digest} | asdict(signature)
    return orjson.dumps(values, default=json_default, option=JSON_OPTIONS)


def read_manifest(store: Store, path: str) -> SignedManifest:
    """Read a manifest, without verifying it.

    Raises:
        VerificationException: it is not a manifest.
        OSError: it is missing or unreadable.
    """
    if "\\" in path:  # escaped by the store, as no name of a manifest is
        raise VerificationException(f"{path} is no name of a manifest")
    try:
        content = store.read_file(path)
        values: dict[str, Any] = orjson.loads(content)
        proof = PROOF_ADAPTER.validate_python(
            [values.pop(name) for name in ("hash", "kid", "signature")]
        )
        manifest = MANIFEST_ADAPTER.validate_python(values)
    except MALFORMED as error:
        raise VerificationException(f"Manifest {path} is malformed: {error}") from None
    digest, signature = proof[0], Signature(*proof[1:])
    is_exact = encode_signed(manifest, digest, signature) == content
    return SignedManifest(manifest, digest, signature, is_exact)
