"""Public keys of a log: each is signed by the one before it."""

import structlog

from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.keys import VerifierKey
from app.audit.archive.tree.signing_keys import SigningKeys

KEEP = (
    "Checkpoints are signed with a key derived from SECRET_KEY. Keep it: set "
    "AUDIT_SIGNING_KEY to what `archive_audit.py key --private` prints"
)
logger = structlog.get_logger()


async def record_key(tree: TreeRepository, keys: SigningKeys, name: str) -> None:
    """Record the current key, if it is new, with the statement of the previous one."""
    current = str(keys.current(name).verifier)
    recorded = await tree.list_keys()
    if recorded and recorded[-1].key == current:
        return
    if keys.is_derived:
        logger.info("audit_signing_key_derived", advice=KEEP, key=current)
    rotation = sign_rotation(keys, recorded[-1].key) if recorded else None
    await tree.add_key(current, rotation)


def sign_rotation(keys: SigningKeys, old: str) -> str | None:
    """Return the statement by the old key, or None if that is lost."""
    try:
        return str(keys.sign_rotation(VerifierKey.parse(old)))
    except ProofException as error:
        # Sealing goes on: `verify` reports what the lost key has signed.
        logger.error("audit_signing_key_lost", reason=str(error))
        return None
