"""Errors of a bucket, each as one sentence."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError, InvalidPathError, PreconditionError

from app.audit.archive.exceptions import StoreException, VerificationException

NO_BUCKET = "NoSuchBucket"
BEYOND_END = ("416 Range Not Satisfiable", "Invalid range")
# Of the server's answer: the code and the message of S3, else the status.
ANSWERS = (
    re.compile(r"<Code>(.+?)</Code>.*?<Message>(.+?)</Message>", re.S),
    re.compile(r"status code: (\d+ [A-Z][A-Za-z ]*)"),
)
REASONS = (
    ("169.254.16", "no credentials in the environment, nor from this host"),
    ("kind: Timeout", "no answer in time"),
    ("kind: Connect", "no connection to it"),
    ("HTTP error", "the connection to it was lost"),
)
MAX_REASON = 300  # characters


@contextmanager
def translate_errors(location: str, name: str = "") -> Iterator[None]:
    """Raise StoreException if the bucket fails.

    Raises:
        FileNotFoundError: there is no such object.
        VerificationException: another object is in its place, or it has no such name.
    """
    try:
        yield
    except FileNotFoundError as error:
        if NO_BUCKET in str(error):
            raise fail(location, error) from None
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name) from None
    except PreconditionError:
        raise VerificationException(f"{name} was replaced while it was read.") from None
    except InvalidPathError as error:
        reason = first_line(error)
        raise VerificationException(f"{location} has an odd name: {reason}") from None
    except ValueError:
        raise VerificationException(f"{name} leaves the archive directory.") from None
    except BaseError as error:
        raise fail(location, error) from None


def fail(location: str, error: Exception) -> StoreException:
    reason = "".join(filter(str.isprintable, find_reason(str(error))))
    return StoreException(f"The archive {location} fails: {reason}")


def find_reason(text: str) -> str:
    for part, reason in REASONS:
        if part in text:
            return reason
    for answer in ANSWERS:
        if found := answer.search(text):
            return ": ".join(found.groups())[:MAX_REASON].removesuffix(".")
    return first_line(text)


def first_line(error: object) -> str:
    return str(error).partition("\n")[0][:MAX_REASON].strip()


def is_beyond_end(error: BaseError) -> bool:
    """Return whether a range was not read because the object ends before it."""
    return any(part in str(error) for part in BEYOND_END)
