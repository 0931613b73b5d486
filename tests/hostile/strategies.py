"""What the attacks are made of: texts, and how many are tried."""

from hypothesis import settings
from hypothesis import strategies as st


def tries(number: int) -> settings:
    """Return settings for this many examples: the same ones on each machine."""
    return settings(max_examples=number, derandomize=True, database=None, deadline=None)


# Any code point at all, surrogates among them, and what has hurt others before.
NASTY = [
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
TEXT = st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=()))
# NUL and other control characters, and lone surrogates.
NO_CHARACTERS = ["\0", "\x1b", "\x85", "\ud800", "\udfff"]
INVISIBLE = ["\u200b", "\u200e", "\u202e", "\u2066", "\u2028", "\u2060", "\ufeff", "\n"]
