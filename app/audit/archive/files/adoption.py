"""Signed statements that `adopt` took a file in, next to the file.

The manifest of an adopted file is no evidence: its checkpoints are those of the lost
database. Its record says so, too, but who can write to the database can change that.
"""

from dataclasses import asdict

import orjson

from app.audit.archive.canonical import MALFORMED, encode_json, hash_json
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.manifest import Manifest, SignedManifest
from app.audit.archive.seals.signing import Signature, Signer
from app.audit.archive.store.store import Store


def adoption_path(manifest: Manifest) -> str:
    return f"{manifest.name}.adopted.json"


def write_adoption(store: Store, signer: Signer, signed: SignedManifest) -> None:
    """Write the statement, unless an interrupted command has done it."""
    if find_adoption_error(store, signer, signed):
        content = encode_statement(signer.sign(hash_adoption(signed)))
        store.write_file(adoption_path(signed.manifest), content)


def find_adoption_error(
    store: Store, signer: Signer, signed: SignedManifest
) -> str | None:
    """Return why nothing proves that the file was adopted, or None."""
    try:
        content = store.read_file(adoption_path(signed.manifest))
        values = orjson.loads(content)
        signature = Signature(values["kid"], values["signature"])
        if content != encode_statement(signature):
            return "its bytes are not those that were written"
        return signer.find_error(hash_adoption(signed), signature)
    except FileNotFoundError:
        return "no such file, although audit_archive says that it was adopted"
    except (VerificationException, OSError, *MALFORMED) as error:
        return str(error)


def encode_statement(signature: Signature) -> bytes:
    return encode_json(asdict(signature)) + b"\n"


def hash_adoption(signed: SignedManifest) -> str:
    return hash_json({"adopted": signed.hash})
