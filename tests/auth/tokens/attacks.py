"""Attacks on the bearer token, as data. Most have the right key, and fail even so."""

import hmac
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from app.auth.tokens.keys import Key
from tests.databases import SECRET

Json = dict[str, Any]
Respell = Callable[[str], str]
KEY = Key.from_secret(SECRET)
HEADER: Json = {"alg": "HS256", "kid": KEY.kid, "typ": "at+jwt"}
DIGESTS = {"HS384": "sha384", "HS512": "sha512"}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
GONE = "is gone"


@dataclass(frozen=True)
class Forgery:
    """What differs from the good token; nothing by default."""

    header: Json = field(default_factory=dict)
    claims: Json = field(default_factory=dict)
    seconds: dict[str, int] = field(default_factory=dict)  # from the request's instant
    payload: bytes | None = None  # instead of any claims
    key: bytes = KEY.access
    respell: Respell = str  # the signature

    def of(self, claims: Json) -> str:
        """Forge the token that says this, issued in this very second."""
        times = {name: claims["iat"] + self.seconds[name] for name in self.seconds}
        header = {**HEADER, **self.header}
        payload = self.payload
        if payload is None:
            payload = plain({**claims, **self.claims, **times})
        signed = f"{base64(plain(header))}.{base64(payload)}"
        digest = DIGESTS.get(str(header["alg"]), "sha256")
        signature = base64(hmac.digest(self.key, signed.encode(), digest))
        return f"{signed}.{self.respell(signature)}"


def plain(values: Json) -> bytes:
    there = {name: value for name, value in values.items() if value != GONE}
    return json.dumps(there, separators=(",", ":")).encode()


def base64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def spelled(template: str) -> Respell:
    return lambda signature: template.replace("{}", signature)


def last_letter(step: int) -> Respell:
    """Change the two bits that are thrown away in decoding."""
    return lambda text: text[:-1] + LETTERS[LETTERS.index(text[-1]) + step]


ALGS: tuple[Any, ...] = (
    *("none", "None", "NONE", "nOnE", "none ", "", None, GONE, 0, {}, [], ["none"]),
    *("HS384", "HS512", "HS1", "hs256", "HS256 ", "RS256", "ES256", "PS256", ["HS256"]),
)
KIDS: tuple[Any, ...] = (
    *("unknown", KEY.kid.upper(), f"{KEY.kid}\0", "k" * 10_000, [KEY.kid], 1, None),
    *("", GONE, "../../../dev/null", "x' UNION SELECT 'own' --", "key;id"),
)
TYPES = ("JWT", "jwt", "AT+JWT", "application/at+jwt", "rt+jwt", "", None, GONE)
OWN = {"kty": "oct", "k": base64(b"own"), "alg": "HS256", "kid": KEY.kid}
CHANGED_HEADERS: tuple[Json, ...] = (
    *({"alg": alg} for alg in ALGS),
    *({"kid": kid} for kid in KIDS),
    *({"typ": typ} for typ in TYPES),
    *({name: "https://attacker.example/keys"} for name in ("jku", "x5u", "url")),
    *({"jwk": OWN}, {"kid": GONE, "jwk": OWN}, {"x5c": ["bWU="]}, {"zip": "DEF"}),
    *({"crit": ["exp"]}, {"b64": False, "crit": ["b64"]}, {"cty": "JWT"}),
)
WRONG: list[Any] = [GONE, None, "", "x", "1", "\0", [], ["app"], {}, True, 1.5, 10**30]
NAMES = ("iss", "aud", "sub", "sid", "jti", "ver", "iat", "nbf", "exp")
CHANGED_CLAIMS: tuple[Json, ...] = (
    *({name: value} for name in NAMES for value in WRONG),
    *({"roles": ["admin"]}, {"is_superuser": True}, {"pad": "x" * 100_000}),
    *({"iss": "App"}, {"aud": "app "}, {"aud": ["app", "other"]}, {"sub": "\ud800"}),
)
TIMES: tuple[dict[str, int], ...] = (
    *({"exp": -1}, {"exp": 0}, {"exp": 901}, {"exp": 10**9}, {"iat": -1}),
    *({"nbf": 1}, {"iat": 1}, {"nbf": 60, "iat": 60, "exp": 960}),
    {"iat": 10**9, "exp": 10**9 + 900},
)
PAYLOADS = (
    *(b"", b"{", b"null", b"[]", b'"app"', b"\xff\xfe", b'{"exp":NaN}'),
    *(b"[" * 1500, b'{"sub":' * 400),
)
WORDS = "secret password changeme your-256-bit-secret your-secret-key 123456 jwt test"
KEYS = (
    *(word.encode() for word in ("", "\0", "\0" * 32, "null", *WORDS.split(), "own")),
    *(SECRET.encode(), KEY.refresh, KEY.throttle, KEY.kid.encode()),
    *(KEY.access.hex().encode(), b64encode(KEY.access), KEY.access[:16]),
)
# {} is the right signature.
TEMPLATES = (
    *("", "null", "A" * 43, "{}{}", "{}.", "{}.{}.{}", "{}=", "{}==", "{}\0", "{}\n"),
    *("{} ", "!{}", "%41{}", ".{}", "{}%3D"),
)
RESPELLINGS: dict[str, Respell] = {
    "cut by one": lambda text: text[:-1],
    "cut by half": lambda text: text[:22],
    "in the other alphabet": lambda text: text.replace("-", "+").replace("_", "/"),
    **{f"last letter + {step}": last_letter(step) for step in (1, 2, 3)},
    **{repr(template): spelled(template) for template in TEMPLATES},
}


def forgeries() -> Iterator[tuple[str, Forgery]]:
    """Yield a name for each, and what it is."""
    for header in CHANGED_HEADERS:
        yield f"header {header}", Forgery(header)
        yield f"unsigned, header {header}", Forgery(header, respell=spelled(""))
        yield f"signed by another, header {header}", Forgery(header, key=b"own")
    yield from ((f"claims {c}", Forgery(claims=c)) for c in CHANGED_CLAIMS)
    yield from ((f"seconds {s}", Forgery(seconds=s)) for s in TIMES)
    yield from ((f"payload {p!r}", Forgery(payload=p)) for p in PAYLOADS)
    yield from ((f"key {key!r}", Forgery(key=key)) for key in KEYS)
    yield from ((f"signature {n}", Forgery(respell=r)) for n, r in RESPELLINGS.items())


FORGERIES = {name[:75]: forgery for name, forgery in forgeries()}

NESTED = base64(b'{"alg":' + b"[" * 1200)
# {} is a good access token, {refresh} a good refresh token, & makes it two headers.
HEADERS = (
    *("", "Bearer", "Bearer ", "Basic x", "Basic {}", "{}", "Token {}", "Bearer\t{}"),
    *("Bearer:{}", "Bearer  {}", "Bearer {} x", "Bearer {},", "Bearer {}, Bearer {}"),
    *(
        'Bearer "{}"',
        "Bearer Bearer {}",
        "Bearer {refresh}",
        "Bearer \0",
        "\0Bearer {}",
    ),
    *("Bearer {}\u00e9", "\u00e9 {}", "Bearer \uff21.b.c", "Bearer a.b.c", "Bearer .."),
    *(f"Bearer {NESTED}.e30.{'A' * 43}", f"Bearer {NESTED}", f"Bearer {'x' * 100_000}"),
    *("Bearer {}&Bearer {}", "Bearer {}&Bearer x", "Bearer x&Bearer {}", "&Bearer {}"),
    *("Bearer {}&", "Basic x&Bearer {}", "Bearer {}&Basic x"),
)
