"""Client of a bucket, with deadlines. Its credentials are those of the environment."""

import os
import re
from datetime import timedelta
from urllib.parse import quote

from obstore.store import ObjectStore, from_url

from app.core.startup.archive_location import BucketLocation
from app.core.startup.env_file import read_env_file

PREFIXES = ("AWS_", "GOOGLE_", "AZURE_")
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
# Buckets with object lock ask for a checksum, and not all servers delete in bulk.
DEFAULTS = {"AWS_CHECKSUM_ALGORITHM": "SHA256", "AWS_DISABLE_BULK_DELETE": "true"}
ENDPOINT = re.compile(r"https?://\S*$")
CONNECT_TIMEOUT = 10.0  # seconds
RETRIES = 5


def open_bucket(location: BucketLocation, timeout: float) -> ObjectStore:
    """Return a client; `timeout` is for each request, and for all that precede a retry.

    Its options are those of the environment and of .env, as `AWS_REGION`.

    Raises:
        ValueError: the endpoint is no URL.
    """
    for name, value in (read_env_file() | DEFAULTS).items():
        if name.startswith(PREFIXES):
            os.environ.setdefault(name, value)
    endpoint = next(filter(None, map(os.environ.get, ENDPOINTS)), "https://")
    if not ENDPOINT.match(endpoint):
        raise ValueError("AWS_ENDPOINT_URL must begin with https:// or http://")
    limit = timedelta(seconds=timeout)
    return from_url(
        f"{location.scheme}://{location.bucket}/{quote(location.prefix)}",
        client_options={
            "timeout": limit,
            "connect_timeout": min(limit, timedelta(seconds=CONNECT_TIMEOUT)),
            # An operator who names such an endpoint wants it; the others are HTTPS.
            "allow_http": endpoint.startswith("http://"),
        },
        retry_config={"max_retries": RETRIES, "retry_timeout": limit},
    )
