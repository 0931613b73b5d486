"""Tokenizer for SQL text, with the lexical rules of PostgreSQL and SQLite.

It drops comments, numbers, operators and placeholders, which no caller needs.
"""

import re

Tokens = list[str]

# How a token is written, by its first character: a quoted name begins with ", a string
# with '. Any other token is an unquoted word in lower case, or punctuation.
NAME, STRING = '"', "'"
UNREADABLE = "\0"  # an unterminated quote or comment, or a name with escapes

LETTER = r"A-Za-z_\x80-\U0010ffff"
WORD = rf"(?P<word>[{LETTER}][{LETTER}0-9$]*)"
PUNCTUATION = r"(?P<punctuation>[(),;.=])"

# PostgreSQL nests comments. A comment of more levels is unreadable.
COMMENT = r"/\*(?:[^*/]|\*(?!/)|/(?!\*))*+\*/"
for _ in range(4):
    COMMENT = rf"/\*(?:[^*/]|\*(?!/)|/(?!\*)|{COMMENT})*+\*/"

POSTGRESQL = re.compile(
    "|".join(
        (
            r"--[^\n\r]*",
            COMMENT,
            # Segments of one string, separated by white space, share its escapes.
            r"[eE](?P<escaped>(?:'(?:[^'\\]|\\.|'')*+'(?:\s|--[^\n\r]*[\n\r])*)+)",
            r"(?P<string>'(?:[^']|'')*+')",
            r"\$(?P<tag>(?:[A-Za-z_\x80-\U0010ffff][A-Za-z_\x80-\U0010ffff0-9]*)?)\$"
            r"(?P<dollar>.*?)\$(?P=tag)\$",
            r'[uU]&(?P<escapes>"(?:[^"]|"")*+")',
            r'(?P<name>"(?:[^"]|"")*+")',
            WORD,
            PUNCTUATION,
            r"(?P<unreadable>['\"]|/\*)",
        )
    ),
    re.DOTALL,
)
SQLITE = re.compile(
    "|".join(
        (
            r"--[^\n]*",
            r"/\*.*?(?:\*/|\Z)",
            # Variables. `$x(…)` may contain quotes.
            rf"[$@:#][{LETTER}0-9$:]*(?:\([^\s)]*\))?",
            "\ufeff",  # white space, unless it continues a word
            r"(?P<string>'(?:[^']|'')*+')",
            r"""(?P<name>"(?:[^"]|"")*+"|`(?:[^`]|``)*+`|\[[^\]]*\])""",
            WORD,
            PUNCTUATION,
            r"(?P<unreadable>['\"`\[])",
        )
    ),
    re.DOTALL,
)
PATTERNS = {"postgresql": POSTGRESQL, "sqlite": SQLITE}


def tokenize(sql: str, dialect: str) -> Tokens:
    """Return the words, names, strings and punctuation of a text."""
    tokens = []
    for match in PATTERNS[dialect].finditer(sql):
        kind = match.lastgroup
        if kind == "punctuation":
            tokens.append(match[0])
        elif kind == "word":
            tokens.append(match[0].lower() if match[0].isascii() else match[0])
        elif kind == "name":
            tokens.append(NAME + match[0][1:-1])
        elif kind in ("unreadable", "escapes"):
            tokens.append(UNREADABLE)
        elif kind:
            tokens.append(STRING + match[kind].strip("'"))
    return tokens
