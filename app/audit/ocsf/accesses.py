"""Requests as OCSF events: API Activity, or Authentication for logins and logouts."""

from ipaddress import ip_address

from app.audit.ocsf.common import (
    API_ACTIVITY,
    AUTHENTICATION,
    OTHER,
    PRODUCT,
    UNNAMED,
    Kind,
    common,
    user,
)
from app.audit.ocsf.fields import Attribute, Json, Read, build, field
from app.audit.schemas import AccessRead
from app.core.web.routing import API

LOGON, LOGOFF = (1, "Logon"), (2, "Logoff")
OF_ROUTE = {
    "auth/login": LOGON,
    "auth/logout": LOGOFF,
    "auth/logout-all": LOGOFF,
    "auth/revoke": LOGOFF,
}
OF_METHOD = {
    "POST": (1, "Create"),
    "GET": (2, "Read"),
    "HEAD": (2, "Read"),
    "PATCH": (3, "Update"),
    "PUT": (3, "Update"),
    "DELETE": (4, "Delete"),
}
METHODS = {*OF_METHOD, "CONNECT", "OPTIONS", "TRACE"}  # those that OCSF has
FIRST_ERROR = 400
UNKNOWN, SUCCESS, FAILURE = 0, 1, 2


def kind_of(access: AccessRead) -> Kind:
    name = (access.route or "").rpartition(f"{API}/")[2]
    if access.method == "POST" and name in OF_ROUTE:
        return Kind(AUTHENTICATION, *OF_ROUTE[name])
    return Kind(API_ACTIVITY, *OF_METHOD.get(access.method, (OTHER, access.method)))


def status_of(access: AccessRead) -> int:
    if access.status is None:
        return UNKNOWN
    return SUCCESS if access.status < FIRST_ERROR else FAILURE


def if_responded(read: Read) -> Read:
    """Return a reader of a part of the response, if there was one."""
    return lambda access: None if access.status is None else read(access)


def has_user(access: AccessRead) -> bool:
    return bool(access.user_id or access.user_label or access.user_name)


def read_ip(access: AccessRead) -> str | None:
    try:
        return str(ip_address(access.ip))
    except ValueError:
        return None


COMMON = (
    *common("accesses"),
    Attribute("status_id", "`status`: 2 from 400 on, 0 for none", status_of),
    Attribute("status_code", "`status`", if_responded(lambda it: str(it.status))),
    field("status_detail", "outcome"),
    Attribute("src_endpoint.ip", "`ip`", read_ip),
    Attribute(
        "src_endpoint.name",
        "`ip`, if it is no address",
        lambda it: None if read_ip(it) else it.ip or UNNAMED,
    ),
    Attribute(
        "http_request.http_method",
        "`method`",
        lambda it: it.method if it.method in METHODS else None,
    ),
    Attribute(
        "unmapped.method",
        "`method`, if OCSF has none of that name",
        lambda it: None if it.method in METHODS else it.method,
    ),
    field("http_request.uid", "request_id"),
    Attribute("http_request.url.path", "`path`", lambda it: it.path or "/"),
    field("http_request.url.query_string", "query"),
    field("http_request.user_agent", "user_agent"),
    Attribute("http_response.code", "`status`", if_responded(lambda it: it.status)),
    Attribute(
        "http_response.body_length", "`bytes`", if_responded(lambda it: it.bytes)
    ),
    Attribute(
        "http_response.latency",
        "`duration_ms`",
        if_responded(lambda it: round(it.duration_ms)),
    ),
    field("unmapped.duration_ms", "duration_ms"),
    field("unmapped.replay_of", "replay_of"),
    field("unmapped.exported_rows", "exported_rows"),
)
REQUEST = (
    *COMMON,
    *user("actor.user", "user"),
    field("actor.session.uid", "session_id"),
    Attribute(
        "actor.app_name",
        f"`user_agent` of a request without a user, or else `{UNNAMED}`",
        lambda it: None if has_user(it) else it.user_agent or UNNAMED,
    ),
    Attribute(
        "api.operation",
        "`method` and `route`, or else `path`",
        lambda it: f"{it.method} {it.route or it.path}",
    ),
    field("api.request.uid", "request_id"),
)
LOGIN = (
    *COMMON,
    *user("user", "user"),
    Attribute(
        "user.name",
        f"`{UNNAMED}` if the login failed",
        lambda it: None if has_user(it) else UNNAMED,
    ),
    field("session.uid", "session_id"),
    Attribute("service.name", f"always `{PRODUCT}`", lambda _: PRODUCT),
    Attribute("is_remote", "always true", lambda _: True),
    field("unmapped.route", "route"),
)
MAPPINGS = {API_ACTIVITY: REQUEST, AUTHENTICATION: LOGIN}


def access_event(access: AccessRead) -> Json:
    kind = kind_of(access)
    return kind.classification() | build(MAPPINGS[kind.class_uid], access)
