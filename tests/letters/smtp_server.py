"""A mail server for tests, on this machine: takes mail, puts it off, refuses it, or breaks the line."""

import email
import socketserver
import threading
from collections import deque
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import ClassVar


@dataclass
class State:
    """What was taken, and what to do next."""

    taken: list[EmailMessage] = field(default_factory=list)
    plan: deque[str] = field(default_factory=deque)


class MailServer:
    """The server, started; `with MailServer() as server:`. `will` says what the next conversations meet."""

    def __init__(self) -> None:
        self.state = State()
        handler = type("Handler", (_Conversation,), {"state": self.state})
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> "MailServer":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)

    @property
    def port(self) -> int:
        """Return the port on the loopback address."""
        port: int = self.server.server_address[1]
        return port

    @property
    def taken(self) -> list[EmailMessage]:
        """Return the mails taken, in order."""
        return list(self.state.taken)

    def will(self, *acts: str) -> None:
        """Say what the next conversations meet, such as "451 at RCPT" or "hang up after message"."""
        self.state.plan.extend(acts)


class _Conversation(socketserver.StreamRequestHandler):
    state: ClassVar[State]

    def handle(self) -> None:
        act = self.state.plan.popleft() if self.state.plan else ""
        if act == "hang up at once":
            return
        self._say("220 tests")
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            if act == f"hang up at {verb}":
                return
            if act.endswith(f"at {verb}"):
                self._say(f"{act[:3]} 4.7.1 as the test wants it")
            elif verb == "EHLO":
                self._say("250-tests")
                self._say("250 SMTPUTF8")
            elif verb == "DATA":
                self._say("354 go on")
                if not self._message(act):
                    return
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _message(self, act: str) -> bool:
        """Read the message and answer. Return whether the conversation goes on."""
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        if act == "hang up before taking":
            return False
        if act.endswith("after message") and act[:3].isdigit():
            self._say(f"{act[:3]} as the test wants it")
            return True
        read = email.message_from_bytes(b"".join(lines), policy=default)
        assert isinstance(read, EmailMessage)
        self.state.taken.append(read)
        if act == "hang up after taking":
            return False
        self._say("250 taken")
        return True

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())
