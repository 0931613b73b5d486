"""Forged bearer tokens and headers, as data. Most are signed with the right key."""

import hmac
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from app.auth.tokens.keys import Key
from tests.databases import SECRET

Json = dict[str, Any]
Transform = Callable[[str], str]
KEY = Key.from_secret(SECRET)
HEADER: Json = {"alg": "HS256", "kid": KEY.kid, "typ": "at+jwt"}
DIGESTS = {"HS384": "sha384", "HS512": "sha512"}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
OMITTED = "omitted"


@dataclass(frozen=True)
class Forgery:
    """The differences from a valid token; none by default."""

    header: Json = field(default_factory=dict)
    claims: Json = field(default_factory=dict)
    seconds: dict[str, int] = field(default_factory=dict)  # relative to iat
    payload: bytes | None = None  # replaces the claims
    key: bytes = KEY.access
    transform: Transform = str  # of the signature

    def of(self, claims: Json) -> str:
        """Return the forged token for these claims."""
        times = {name: claims["iat"] + self.seconds[name] for name in self.seconds}
        header = {**HEADER, **self.header}
        payload = self.payload
        if payload is None:
            payload = compact_json({**claims, **self.claims, **times})
        signed = f"{base64(compact_json(header))}.{base64(payload)}"
        digest = DIGESTS.get(str(header["alg"]), "sha256")
        signature = base64(hmac.digest(self.key, signed.encode(), digest))
        return f"{signed}.{self.transform(signature)}"


def compact_json(values: Json) -> bytes:
    present = {name: value for name, value in values.items() if value != OMITTED}
    return json.dumps(present, separators=(",", ":")).encode()


def base64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def signature_from(template: str) -> Transform:
    return lambda signature: template.replace("{}", signature)


def last_letter(step: int) -> Transform:
    """Change the two bits that decoding discards."""
    return lambda text: text[:-1] + LETTERS[LETTERS.index(text[-1]) + step]


ALGS: tuple[Any, ...] = (
    *("none", "None", "NONE", "nOnE", "none ", "", None, OMITTED, 0, {}, [], ["none"]),
    *("HS384", "HS512", "HS1", "hs256", "HS256 ", "RS256", "ES256", "PS256", ["HS256"]),
)
KIDS: tuple[Any, ...] = (
    *("unknown", KEY.kid.upper(), f"{KEY.kid}\0", "k" * 10_000, [KEY.kid], 1, None),
    *("", OMITTED, "../../../dev/null", "x' UNION SELECT 'own' --", "key;id"),
)
TYPES = ("JWT", "jwt", "AT+JWT", "application/at+jwt", "rt+jwt", "", None, OMITTED)
OWN = {"kty": "oct", "k": base64(b"own"), "alg": "HS256", "kid": KEY.kid}
CHANGED_HEADERS: tuple[Json, ...] = (
    *({"alg": alg} for alg in ALGS),
    *({"kid": kid} for kid in KIDS),
    *({"typ": typ} for typ in TYPES),
    *({name: "https://attacker.example/keys"} for name in ("jku", "x5u", "url")),
    *({"jwk": OWN}, {"kid": OMITTED, "jwk": OWN}, {"x5c": ["bWU="]}, {"zip": "DEF"}),
    *({"crit": ["exp"]}, {"b64": False, "crit": ["b64"]}, {"cty": "JWT"}),
)
WRONG: list[Any] = [
    OMITTED,
    None,
    "",
    "x",
    "1",
    "\0",
    [],
    ["app"],
    {},
    True,
    1.5,
    10**30,
]
NAMES = ("iss", "aud", "sub", "sid", "jti", "ver", "iat", "nbf", "exp")
CHANGED_CLAIMS: tuple[Json, ...] = (
    *({name: value} for name in NAMES for value in WRONG),
    *({"roles": ["admin"]}, {"is_superuser": True}, {"pad": "x" * 100_000}),
    *({"iss": "App"}, {"aud": "app "}, {"aud": ["app", "other"]}, {"sub": "\ud800"}),
)
TIMES: tuple[dict[str, int], ...] = (
    *({"exp": -1}, {"exp": 0}, {"exp": 901}, {"exp": 10**9}, {"iat": -1}),
    *({"nbf": 11}, {"iat": 11}, {"nbf": 60, "iat": 60, "exp": 960}),
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
# {} is the valid signature.
TEMPLATES = (
    *("", "null", "A" * 43, "{}{}", "{}.", "{}.{}.{}", "{}=", "{}==", "{}\0", "{}\n"),
    *("{} ", "!{}", "%41{}", ".{}", "{}%3D"),
)
TRANSFORMS: dict[str, Transform] = {
    "cut by one": lambda text: text[:-1],
    "cut by half": lambda text: text[:22],
    "in the other alphabet": lambda text: text.replace("-", "+").replace("_", "/"),
    **{f"last letter + {step}": last_letter(step) for step in (1, 2, 3)},
    **{repr(template): signature_from(template) for template in TEMPLATES},
}


def forgeries() -> Iterator[tuple[str, Forgery]]:
    """Yield each forgery with its name."""
    for header in CHANGED_HEADERS:
        yield f"header {header}", Forgery(header)
        yield (
            f"unsigned, header {header}",
            Forgery(header, transform=signature_from("")),
        )
        yield f"signed by another, header {header}", Forgery(header, key=b"own")
    yield from ((f"claims {c}", Forgery(claims=c)) for c in CHANGED_CLAIMS)
    yield from ((f"seconds {s}", Forgery(seconds=s)) for s in TIMES)
    yield from ((f"payload {p!r}", Forgery(payload=p)) for p in PAYLOADS)
    yield from ((f"key {key!r}", Forgery(key=key)) for key in KEYS)
    yield from ((f"signature {n}", Forgery(transform=r)) for n, r in TRANSFORMS.items())


FORGERIES = {name[:75]: forgery for name, forgery in forgeries()}

NESTED = base64(b'{"alg":' + b"[" * 1200)
# {} is a valid access token, {refresh} a valid refresh token, & separates headers.
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
