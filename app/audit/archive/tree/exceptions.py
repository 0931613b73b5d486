"""The one exception of this room's parsers and verifiers."""

from app.audit.archive.exceptions import VerificationException


class ProofException(VerificationException):
    """A note, checkpoint or key is malformed, or lacks a valid signature."""
