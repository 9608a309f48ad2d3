"""Tests cannot reach another machine, and this proves it."""

import socket
import urllib.request

import pytest

from tests.conftest import NetworkBlockedError


class TestATestThatReachesForAnotherMachine:
    def test_is_stopped_when_it_connects(self) -> None:
        with socket.socket() as client, pytest.raises(NetworkBlockedError, match=r"192\.0\.2\.1"):
            client.connect(("192.0.2.1", 80))

    def test_is_stopped_when_it_asks_for_a_name(self) -> None:
        with pytest.raises(NetworkBlockedError, match=r"example\.org"):
            urllib.request.urlopen("http://example.org/")


class TestATestThatTalksToThisMachine:
    def test_is_let_through(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = server.getsockname()
            with socket.create_connection(address) as client:
                assert client.getpeername() == address
