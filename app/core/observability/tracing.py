"""The trace that a request belongs to: its id for the log, its span without secrets."""

import re
from collections.abc import Mapping
from typing import Any

from opentelemetry.trace import Span, format_trace_id

from app.core.observability.redaction import mask_query

# W3C Trace Context: version, trace id, id of the caller's span, flags.
TRACEPARENT = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"
)


def trace_id_of(scope: Mapping[str, Any], span: Span) -> str | None:
    """Return the id of the span's trace, or of the caller's."""
    context = span.get_span_context()
    if context.is_valid:
        return format_trace_id(context.trace_id)
    given = [value for name, value in scope["headers"] if name == b"traceparent"]
    found = TRACEPARENT.fullmatch(given[0]) if len(given) == 1 else None
    return found[1].decode() if found else None


def mask_span(scope: Mapping[str, Any], span: Span) -> None:
    """Mask secrets in the query string that the framework has added to the span."""
    if span.is_recording() and scope["query_string"]:
        query = scope["query_string"].decode("latin-1")
        span.set_attribute("url.query", mask_query(query))
