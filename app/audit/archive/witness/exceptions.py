"""Refusals and failures of a witness."""

from app.audit.archive.tree.checkpoints import Checkpoint, parse_size
from app.audit.archive.tree.exceptions import ProofException


class WitnessException(Exception):
    """The witness has not cosigned, for a reason that says nothing about the log."""


class ContradictionException(Exception):
    """The log is not a continuation of what the witness has cosigned."""


class AheadException(ContradictionException):
    """The witness has cosigned more than the log has."""

    def __init__(self, size: int) -> None:
        super().__init__(f"has cosigned {size} leaves")


class OtherSizeException(Exception):
    """The witness has last cosigned a tree of another size."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the witness has cosigned {size} leaves")
        self.size = size


def refusal(text: str, old_size: int, sent: Checkpoint) -> Exception:
    """Return the exception for a 409, whose text is the size that was cosigned."""
    try:
        size = parse_size(text.removesuffix("\n"))
    except ProofException:
        return WitnessException("it answers 409 without a size")
    if size != old_size:
        return OtherSizeException(size)
    if size == sent.head.size > 0:
        return ContradictionException("has another root")
    # It has answered two requests at once.
    return WitnessException("it refuses the size that it has cosigned")
