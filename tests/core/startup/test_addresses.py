"""The address to listen on: neither a URL nor another machine's."""

import socket
from ipaddress import ip_address

import pytest

from app.core.startup.addresses import check_free, check_listen_address
from tests.processes.forked import command
from tests.processes.servers import environment, free_port

HOSTS = "0.0.0.0 127.0.0.1 :: ::1 localhost api.example.com db_1 1.example"
NO_HOSTS = "http://0.0.0.0 0.0.0.0:80 [::1] 999.1.1.1 127.1 * -a a..b 1"


@pytest.mark.parametrize("host", HOSTS.split())
def test_a_host_is_accepted(host: str) -> None:
    assert check_listen_address(host) == host


@pytest.mark.parametrize("host", [*NO_HOSTS.split(), "", "a b"])
def test_what_is_no_host_is_rejected(host: str) -> None:
    with pytest.raises(ValueError, match="without scheme or port"):
        check_listen_address(host)


def test_a_free_address_stays_free() -> None:
    port = free_port()
    check_free("localhost", port)
    check_free("localhost", port)


@pytest.mark.slow
@pytest.mark.parametrize("host", ["nowhere.invalid", str(ip_address(2**31))])
def test_another_machine_s_address_stops_the_start(host: str) -> None:
    env = environment("sqlite:///missing.db", HOST=host, PORT=str(free_port()))
    done = command(("-m", "app"), env)
    assert (done.code, done.output) == (1, "")
    (sentence,) = done.errors.splitlines()
    assert sentence.startswith(f"Can't listen on {host}, port ")


def test_a_port_in_use_stops_the_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            check_free("127.0.0.1", port)
