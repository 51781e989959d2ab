"""What a locked SQLite connection may not do, whoever wrote the SQL: anything but read its tables.

Source: "Compile-Time Authorization Callbacks" and "Defense Against The Dark Arts" in SQLite's documentation.
"""

import hmac
import sqlite3

from gnomon.policy.masks import HASH_CHARS, SQLITE_HASH

_NAMES = """
abs char coalesce concat concat_ws date datetime format glob hex ifnull iif instr julianday
length like likelihood likely lower ltrim max min nullif octet_length printf quote
random replace round rtrim sign soundex strftime substr substring time timediff trim
typeof unhex unicode unixepoch unlikely upper zeroblob
acos acosh asin asinh atan atan2 atanh ceil ceiling cos cosh degrees exp floor ln log log10 log2 mod pi
pow power radians sin sinh sqrt tan tanh trunc
avg count group_concat string_agg sum total
    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
json json_array json_array_length json_error_position json_extract json_group_array json_group_object
    json_object json_patch json_quote json_type json_valid json_each json_tree -> ->>
json_insert json_remove json_replace json_set if median percentile percentile_cont percentile_disc
match highlight snippet bm25 offsets matchinfo regexp
gnomon_hash
current_date current_time current_timestamp
"""
FUNCTIONS = frozenset(_NAMES.split())
"""Functions that read only their arguments, in lower case."""

_HIDDEN_PREFIX = "sqlite_"
_OWN_PRAGMAS = frozenset({"data_version", "page_size"})
"""Read by the full-text module about its own tables; without an argument they change nothing."""

MAX_SQL_BYTES = 1_000_000
MAX_VALUE_BYTES = 256 * 1024 * 1024
MAX_EXPRESSION_DEPTH = 1_000


def lock(connection: sqlite3.Connection) -> None:
    """Let the connection do nothing but SELECT from tables, views and full-text tables."""
    connection.create_function(SQLITE_HASH, 2, fingerprint, deterministic=True)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    if hasattr(connection, "enable_load_extension"):
        connection.enable_load_extension(False)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, MAX_SQL_BYTES)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
    connection.setlimit(sqlite3.SQLITE_LIMIT_EXPR_DEPTH, MAX_EXPRESSION_DEPTH)
    connection.set_authorizer(_verdict)


def fingerprint(key: str, value: object) -> str | None:
    """What the `hash` mask shows of a value: HMAC-SHA256 in hexadecimal, cut; null stays null."""
    if value is None:
        return None
    content = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
    return hmac.digest(key.encode(), content, "sha256").hex()[:HASH_CHARS]


def _verdict(
    action: int, first: str | None, second: str | None, database: str | None, trigger: str | None
) -> int:
    """Deny by default. `first` and `second` mean what SQLite's table of action codes says."""
    if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE):
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_READ:
        hidden = (first or "").lower().startswith((_HIDDEN_PREFIX, "pragma_"))
        return sqlite3.SQLITE_DENY if hidden else sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION:
        return sqlite3.SQLITE_OK if (second or "").lower() in FUNCTIONS else sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_PRAGMA and second is None and first in _OWN_PRAGMAS:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY
