"""Hypothesis strategies and settings."""

from hypothesis import settings
from hypothesis import strategies as st


def max_examples(number: int) -> settings:
    """Return settings for this many examples."""
    return settings(max_examples=number)


# Arbitrary code points, including surrogates, and texts that often cause errors.
SPECIAL_TEXTS = [
    "\0",
    "\ud800",
    "a\u202eb",
    "e\u0301",
    "\u0958",
    "\ufdfa",
    "\U0001f468\u200d\U0001f469",
    "'; DROP TABLE product; --",
    "%s{0}${x}<b>\\",
    "\u2028\n\r\t",
    "\ufffe\uffff\U0010ffff",
    "   ",
    "",
]
TEXT = st.sampled_from(SPECIAL_TEXTS) | st.text(st.characters(exclude_categories=()))
# NUL and other control characters, and lone surrogates.
FORBIDDEN_CHARACTERS = ["\0", "\x1b", "\x85", "\ud800", "\udfff"]
INVISIBLE = ["\u200b", "\u200e", "\u202e", "\u2066", "\u2028", "\u2060", "\ufeff", "\n"]
