"""
A GOV.UK Notify for tests: an HTTP server on this machine that answers as Notify's documentation says.

It checks the token, the template, the address and the shape of what is posted, keeps every message it took,
and finds messages by reference. As the real one, it does not mind a reference that comes twice: a second post
is a second message. What it does next is told by `will`: take the message, refuse it, fall over before or
after taking it, or say nothing.
"""

import json
import re
import threading
import time
import uuid
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import jwt

SERVICE_ID = "26785a09-ab16-4eb0-8407-a37497a57506"
SECRET = "3d844edf-8d35-48ac-975b-e847b4f122b0"
API_KEY = f"tests-{SERVICE_ID}-{SECRET}"
EMAIL_TEMPLATE = "f33517ff-2a88-4f6e-b855-c550268ce08a"
TEXT_TEMPLATE = "740e5834-3a29-46b4-9a6f-16142fde533a"
TEMPLATES = {"email": EMAIL_TEMPLATE, "text": TEXT_TEMPLATE}
_PLACEHOLDERS = {EMAIL_TEMPLATE: {"subject", "body"}, TEXT_TEMPLATE: {"body"}}
_ALLOWED = {
    "email": {
        "email_address",
        "template_id",
        "personalisation",
        "reference",
        "email_reply_to_id",
        "one_click_unsubscribe_url",
        "sanitise_content_for",
    },
    "sms": {"phone_number", "template_id", "personalisation", "reference", "sms_sender_id"},
}
# The error bodies of the documentation, by what a test asks for.
ERRORS: dict[str, tuple[int, str, str]] = {
    "bad number": (400, "ValidationError", "phone_number Not a UK mobile number"),
    "trial mode": (
        400,
        "BadRequestError",
        "Can't send to this recipient when service is in trial mode"
        " - see https://www.notifications.service.gov.uk/trial-mode",
    ),
    "wrong key": (403, "AuthError", "Invalid token: API key not found"),
    "wrong clock": (403, "AuthError", "Error: Your system clock must be accurate to within 30 seconds"),
    "too fast": (
        429,
        "RateLimitError",
        "Exceeded rate limit for key type LIVE of 3000 requests per 60 seconds",
    ),
    "too many today": (429, "TooManyRequestsError", "Exceeded send limits (250000) for today"),
    "fault": (500, "Exception", "Internal server error"),
}


@dataclass
class Taken:
    """One message that the server took."""

    id: str
    kind: str
    reference: str
    to: str
    personalisation: dict[str, str]
    status: str = "created"


@dataclass
class State:
    """What the server knows, and what it is to do next."""

    taken: list[Taken] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    plan: deque[str] = field(default_factory=deque)
    look_up_plan: deque[str] = field(default_factory=deque)
    lock: threading.Lock = field(default_factory=threading.Lock)
    # How long "silence" lasts: longer than the client waits.
    silence: float = 1.0
    # Set when a post has been taken but not answered, for a test that waits for that moment.
    holding: threading.Event = field(default_factory=threading.Event)


class NotifyServer:
    """The server, started; `with NotifyServer() as notify:`."""

    def __init__(self) -> None:
        self.state = State()
        self.handler = type("Handler", (_Handler,), {"state": self.state})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), self.handler)
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> "NotifyServer":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join(5)

    def forget(self) -> None:
        """Begin anew, with no message and no plan."""
        self.state = self.handler.state = State()

    @property
    def url(self) -> str:
        """Return the server's address."""
        return f"http://127.0.0.1:{self.http.server_port}"

    def will(self, *acts: str) -> None:
        """Say what the next posts meet, one word each; after them everything is taken."""
        self.state.plan.extend(acts)

    def will_on_look_up(self, *acts: str) -> None:
        """Say what the next questions meet; after them everything is answered."""
        self.state.look_up_plan.extend(acts)

    @property
    def taken(self) -> list[Taken]:
        """Return the messages taken, in order."""
        return list(self.state.taken)

    def times_taken(self) -> Counter[str]:
        """Return how often each reference was taken."""
        return Counter(each.reference for each in self.taken)

    def set_status(self, status: str) -> None:
        """Let every message have this status from now on."""
        for each in self.state.taken:
            each.status = status


class _Handler(BaseHTTPRequestHandler):
    state: ClassVar[State]
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        kind = self.path.removeprefix("/v2/notifications/")
        with self.state.lock:
            act = self.state.plan.popleft() if self.state.plan else "take"
        if not self._may():
            return
        if act in ERRORS:
            self._error(*ERRORS[act])
            return
        if act == "hang up":
            self._hang_up()
            return
        if act == "silence":
            time.sleep(self.state.silence)
            self._hang_up()
            return
        if problem := self._problem(kind, body):
            self._error(400, *problem)
            return
        taken = Taken(
            id=str(uuid.uuid4()),
            kind=kind,
            reference=body.get("reference", ""),
            to=body.get("email_address") or body.get("phone_number"),
            personalisation=body.get("personalisation", {}),
        )
        with self.state.lock:
            self.state.taken.append(taken)
        self.state.holding.set()
        if act == "take, then fault":
            self._error(*ERRORS["fault"])
        elif act == "take, then hang up":
            self._hang_up()
        elif act == "take, then silence":
            time.sleep(self.state.silence)
            self._hang_up()
        elif act == "take, then nonsense":
            self._answer(201, b"<html>gateway</html>")
        else:
            if act == "take slowly":
                time.sleep(0.15)
            self._json(201, self._created(taken, body))

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        with self.state.lock:
            act = self.state.look_up_plan.popleft() if self.state.look_up_plan else "answer"
            self.state.asked.append(self.path)
            known = list(self.state.taken)
        if not self._may():
            return
        if act in ERRORS:
            self._error(*ERRORS[act])
        elif act == "hang up":
            self._hang_up()
        elif address.path == "/v2/notifications":
            wanted = parse_qs(address.query).get("reference", [None])[0]
            found = [each for each in known if wanted in (None, each.reference)]
            links = {"current": f"http://{self.headers['Host']}{self.path}"}
            self._json(
                200, {"notifications": [self._shown(each) for each in reversed(found)], "links": links}
            )
        else:
            found = [each for each in known if each.id == address.path.rsplit("/", 1)[1]]
            if found:
                self._json(200, self._shown(found[0]))
            else:
                self._error(404, "NoResultFound", "No result found")

    def _may(self) -> bool:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            claims = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_iat": False})
        except jwt.InvalidTokenError:
            self._error(*ERRORS["wrong key"])
            return False
        if claims["iss"] != SERVICE_ID:
            self._error(*ERRORS["wrong key"])
            return False
        if abs(claims["iat"] - time.time()) > 30:
            self._error(*ERRORS["wrong clock"])
            return False
        return True

    @staticmethod
    def _problem(kind: str, body: dict[str, Any]) -> tuple[str, str] | None:
        if extra := sorted(set(body) - _ALLOWED[kind]):
            return "ValidationError", f"Additional properties are not allowed ({extra[0]} was unexpected)"
        template = body["template_id"]
        if template != TEMPLATES["email" if kind == "email" else "text"]:
            return "BadRequestError", "Template not found"
        missing = sorted(_PLACEHOLDERS[template] - set(body.get("personalisation", {})))
        if missing:
            return "BadRequestError", f"Missing personalisation: {', '.join(missing)}"
        if kind == "sms" and not re.fullmatch(r"07\d{9}|\+[1-9]\d{7,14}", body["phone_number"]):
            return "ValidationError", "phone_number Not enough digits"
        if kind == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", body["email_address"]):
            return "ValidationError", f"email_address {body['email_address']} is not a valid email address"
        return None

    def _created(self, taken: Taken, body: dict[str, Any]) -> dict[str, Any]:
        host = f"http://{self.headers['Host']}"
        content = {"body": body["personalisation"]["body"]}
        if taken.kind == "email":
            content |= {"subject": body["personalisation"]["subject"], "from_email": "tests@notify.example"}
        else:
            content |= {"from_number": "TESTS"}
        return {
            "id": taken.id,
            "reference": taken.reference,
            "content": content,
            "uri": f"{host}/v2/notifications/{taken.id}",
            "template": {"id": body["template_id"], "version": 1, "uri": f"{host}/v2/template/1"},
        }

    @staticmethod
    def _shown(taken: Taken) -> dict[str, Any]:
        return {
            "id": taken.id,
            "reference": taken.reference,
            "email_address": taken.to if taken.kind == "email" else None,
            "phone_number": taken.to if taken.kind == "sms" else None,
            "type": taken.kind,
            "status": taken.status,
            "body": taken.personalisation["body"],
            "subject": taken.personalisation.get("subject"),
            "created_at": datetime.now(UTC).isoformat(),
            "is_cost_data_ready": False,
        }

    def _error(self, status: int, error: str, message: str) -> None:
        self._json(status, {"status_code": status, "errors": [{"error": error, "message": message}]})

    def _json(self, status: int, content: dict[str, Any]) -> None:
        self._answer(status, json.dumps(content).encode())

    def _answer(self, status: int, content: bytes) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            self.close_connection = True  # the client was killed

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()
