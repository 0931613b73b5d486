"""A manifest: what a file holds, how to prove it, and which manifest came before."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter, ValidationError

from app.audit.archive.canonical import hash_json, spell
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.store import Store
from app.audit.archive.logs import LogName, LogRange
from app.audit.archive.models import base_name
from app.audit.archive.seals.signing import Signature, Signer

FORMAT = 1
OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


@dataclass(frozen=True)
class Place:
    at: datetime
    id: UUID


@dataclass(frozen=True)
class SealMark:
    """The newest seal at the time of writing: dropping it later shows."""

    number: int
    hash: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    format: int
    log: LogName
    day: date
    number: int
    count: int
    first: Place
    last: Place
    entities: dict[str, int]
    content_bytes: int
    content_sha256: str
    file_bytes: int
    file_sha256: str
    keys_sha256: str
    root: str
    seal: SealMark
    previous: str

    @property
    def name(self) -> str:
        return base_name(self.log, self.day, self.number)

    @property
    def file(self) -> str:
        return f"{self.name}.jsonl.gz"

    @property
    def keys(self) -> str:
        return f"{self.name}.keys"

    @property
    def path(self) -> str:
        return f"{self.name}.manifest.json"

    def overlaps(self, span: LogRange) -> bool:
        first, last = (self.first.at, self.first.id), (self.last.at, self.last.id)
        return last > span.after and first <= span.until

    def digest(self) -> str:
        return hash_json(asdict(self))

    def signed(self, signer: Signer) -> bytes:
        digest = self.digest()
        values = asdict(self) | {"hash": digest} | asdict(signer.sign(digest))
        return orjson.dumps(values, default=spell, option=OPTIONS)


READER = TypeAdapter(Manifest)


@dataclass(frozen=True)
class SignedManifest:
    manifest: Manifest
    hash: str
    signature: Signature

    def fault(self, signer: Signer) -> str | None:
        if self.manifest.digest() != self.hash:
            return "its text is not what was signed"
        return signer.fault(self.hash, self.signature)


def read_manifest(store: Store, path: str) -> SignedManifest:
    try:
        values: dict[str, Any] = orjson.loads(store.read(path))
        proof = [values.pop(name) for name in ("hash", "kid", "signature")]
        manifest = READER.validate_python(values)
    except (ValidationError, ValueError, KeyError) as error:
        raise VerificationException(f"{path} cannot be read: {error}") from None
    return SignedManifest(manifest, proof[0], Signature(proof[1], proof[2]))
