"""People at a running server, over real HTTP, who take a broken connection for an answer."""

import http.client
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from django.test import Client

from mentormatch.accounts.models import User

CSRF = "x" * 32
PATIENCE = 180
BROKEN = 0
CARD = {
    "card_number": "4242424242424242",
    "exp_month": "12",
    "exp_year": "2040",
    "cvc": "123",
    "name": "Mia Mentee",
    "action": "pay",
}


@dataclass(frozen=True)
class Answer:
    """What came back; the status `BROKEN` where the connection ended without one."""

    status: int
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where it sends us, without the host."""
        parts = urlsplit(self.headers.get("Location", ""))
        return f"{parts.path}?{parts.query}" if parts.query else parts.path


class Visitor:
    """A person with a browser of their own; made where the test is, which has the same database."""

    def __init__(self, port: int, user: User) -> None:
        client = Client()
        client.force_login(user)
        self.port = port
        self.cookies = f"sessionid={client.cookies['sessionid'].value}; csrftoken={CSRF}"

    def get(self, path: str) -> Answer:
        return self._send("GET", path, b"")

    def post(self, path: str, /, **fields: object) -> Answer:
        """Send a form."""
        return self._send("POST", path, urlencode(fields | {"csrfmiddlewaretoken": CSRF}).encode())

    def _send(self, method: str, path: str, body: bytes) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"Cookie": self.cookies, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode(), dict(answer.headers))
        except (OSError, http.client.HTTPException) as error:
            return Answer(BROKEN, repr(error))
        finally:
            connection.close()
