"""Kinds of SQL statements, and which of them write only by DML."""

from app.audit.changes.sql.names import plain_name, qualified_name
from app.audit.changes.sql.tokens import STRING, UNREADABLE, Tokens

READABLE = frozenset(
    "select with values table insert update delete replace merge explain declare fetch "
    "move close begin start commit end rollback abort savepoint release show reset set "
    "analyze analyse vacuum reindex checkpoint lock listen unlisten notify discard "
    "comment pragma create".split()
)
CREATABLE = frozenset({"table", "index", "type", "sequence"})
# They change what names, strings or triggers mean.
UNSAFE_SETTINGS = frozenset(
    "session_replication_role search_path standard_conforming_strings role "
    "authorization schema".split()
)
# They end a transaction, or undo a part of it.
ENDS = frozenset({"commit", "end", "rollback", "abort"})
# Functions that execute a text, which can call set_config().
RUNNING_TEXTS = frozenset(
    "query_to_xml query_to_xmlschema query_to_xml_and_xmlschema ts_rewrite "
    "ts_stat".split()
)
READ_PRAGMAS = frozenset(
    "table_info table_xinfo table_list index_list index_info index_xinfo "
    "foreign_key_list foreign_key_check integrity_check quick_check".split()
)


def is_readable(kind: str, tokens: Tokens) -> bool:
    """Return whether the statement writes only where dml_writes() finds it."""
    if kind not in READABLE or UNREADABLE in tokens:
        return False
    if changes_settings(kind, tokens) or runs_text(tokens):
        return False
    if kind == "create":
        return creates_table(tokens)
    if kind == "pragma":
        return reads_pragma(tokens)
    return kind != "explain" or "execute" not in tokens


def changes_settings(kind: str, tokens: Tokens) -> bool:
    """Return whether SET or set_config() changes an unsafe or an unknown setting."""
    if kind == "set":
        names = [plain_name(token) for token in tokens]
        return not all(map(is_safe_setting, names))
    calls = (at for at, token in enumerate(tokens) if plain_name(token) == "set_config")
    return not all(sets_safely(tokens[at + 1 : at + 4]) for at in calls)


def runs_text(tokens: Tokens) -> bool:
    names = (plain_name(token) for token in tokens if not token.startswith(STRING))
    return not RUNNING_TEXTS.isdisjoint(names)


def sets_safely(tokens: Tokens) -> bool:
    """Return whether set_config() is called with a literal name of a safe setting."""
    # Operators are no tokens: a name that is put together has no comma after it.
    if len(tokens) < 3 or tokens[0] != "(" or tokens[2] != ",":
        return False
    name = tokens[1]
    return name.startswith(STRING) and is_safe_setting(plain_name(name))


def is_safe_setting(name: str) -> bool:
    """Return whether a name, however it is escaped, is that of a safe setting."""
    return "\\" not in name and name.lower() not in UNSAFE_SETTINGS


def creates_table(tokens: Tokens) -> bool:
    """Return whether CREATE makes a table or the like, in the default schema."""
    rest = tokens[2:] if tokens[1:2] == ["unique"] else tokens[1:]
    if not rest or rest[0] not in CREATABLE:
        return False
    start = 4 if rest[1:4] == ["if", "not", "exists"] else 1
    return "." not in qualified_name(rest, start)


def reads_pragma(tokens: Tokens) -> bool:
    rest = tokens[3:] if tokens[2:3] == ["."] else tokens[1:]
    return len(rest) == 1 or not READ_PRAGMAS.isdisjoint(rest[:1])
