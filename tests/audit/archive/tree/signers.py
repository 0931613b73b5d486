"""Keys of a log and of a witness."""

from app.audit.archive.tree.keys import KeyType, VerifierKey
from app.audit.archive.tree.notes import NoteSignature
from app.audit.archive.tree.signer_keys import SignerKey

NAME = "7d1b1f0e-5d0c-4a53-9a55-0f3c2c1f7a10/changes"
KEY = SignerKey(NAME, b"k" * 32)
NEW_KEY = SignerKey(NAME, b"n" * 32)
STRANGER = SignerKey("example.com/other", b"o" * 32)
WITNESS = SignerKey("witness.example/w1", b"w" * 32)
WITNESS_KEY = VerifierKey(WITNESS.name, WITNESS.verifier.public, KeyType.COSIGNATURE)


def cosign(text: str, time: int) -> NoteSignature:
    """Sign as C2SP tlog-cosignature says, which the application only verifies."""
    signature = WITNESS.sign(f"cosignature/v1\ntime {time}\n{text}")
    timestamped = time.to_bytes(8, "big") + signature
    return NoteSignature(WITNESS.name, WITNESS_KEY.hash, timestamped)
