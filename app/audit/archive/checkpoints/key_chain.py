"""Public keys of a log: each is signed by the one before it."""

from itertools import pairwise

import structlog

from app.audit.archive.checkpoints.models import AuditKey
from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.keys import VerifierKey
from app.audit.archive.tree.signing_keys import SigningKeys

KEEP = (
    "Checkpoints are signed with a key derived from SECRET_KEY. Keep it: set "
    "AUDIT_SIGNING_KEY to what `archive_audit.py key --private` prints"
)
LOST = "Set SECRET_KEYS_OLD or AUDIT_SIGNING_KEYS_OLD, and restart"
REPLACED = "Another process signs with a newer key: restart this one with its settings"
logger = structlog.get_logger()


async def record_key(tree: TreeRepository, keys: SigningKeys, name: str) -> None:
    """Record the current key, if it is new, and the statements of previous keys.

    A statement that could not be signed then is signed as soon as the old key is there.
    """
    current = str(keys.current(name).verifier)
    recorded = await tree.list_keys()
    if is_replaced(keys, recorded, name):
        logger.warning("audit_signing_key_replaced", advice=REPLACED, key=current)
        return
    if not recorded or recorded[-1].key != current:
        if keys.is_derived:
            logger.info("audit_signing_key_derived", advice=KEEP, key=current)
        recorded.append(await tree.add_key(current))
        if len(recorded) > 1 and not sign_rotation(keys, *recorded[-2:]):
            # Sealing goes on: `verify` reports what the lost key has signed.
            logger.error("audit_signing_key_lost", key=recorded[-2].key, advice=LOST)
    for old, new in pairwise(recorded):
        if new.rotation is None:
            sign_rotation(keys, old, new)


def is_replaced(keys: SigningKeys, recorded: list[AuditKey], name: str) -> bool:
    """Return whether another process has replaced the key, as while all are restarted.

    This one's key must not be recorded as the successor: no key could sign that.
    """
    *earlier, newest = [each.key for each in recorded] or [""]
    if str(keys.current(name).verifier) not in earlier:
        return False
    try:
        return keys.find(name, VerifierKey.parse(newest).hash) is None
    except ProofException:
        return True


def sign_rotation(keys: SigningKeys, old: AuditKey, new: AuditKey) -> bool:
    """Add the statement by the old key; return False if that is lost."""
    try:
        named = VerifierKey.parse(old.key), VerifierKey.parse(new.key)
        new.rotation = str(keys.sign_rotation(*named))
    except ProofException:
        return False
    return True
