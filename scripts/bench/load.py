"""Clients that ask one after the other, each on a connection of its own."""

import http.client
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from threading import Lock, local

CLIENTS = 8
P95 = 0.95


@dataclass(frozen=True)
class Ask:
    """A request, and the status of the answer without which nothing is measured."""

    path: str
    method: str = "GET"
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200


class Clients:
    """Ask a server; the connections are kept, and made anew where the server closed them."""

    def __init__(self, port: int, number: int = CLIENTS) -> None:
        self.port, self.number = port, number
        self.pool = ThreadPoolExecutor(number)
        self.own = local()

    def send(self, asks: Iterable[Ask]) -> list[float]:
        """Send them all; gives how long each one took, in seconds."""
        waiting, lock = iter(asks), Lock()

        def work() -> list[float]:
            return [self._timed(ask) for ask in _shared(waiting, lock)]

        working = [self.pool.submit(work) for _client in range(self.number)]
        return [seconds for client in working for seconds in client.result()]

    def _timed(self, ask: Ask) -> float:
        began = time.perf_counter()
        for attempt in count():
            connection = self._connection(anew=attempt > 0)
            try:
                connection.request(ask.method, ask.path, ask.body, ask.headers)
                answer = connection.getresponse()
                text = answer.read()
                break
            except (http.client.RemoteDisconnected, ConnectionError):
                # gunicorn closes a connection that was idle; it is no answer's fault.
                if attempt:
                    raise
        if answer.status != ask.status:
            sys.exit(f"{ask.method} {ask.path} answered {answer.status}: {text[:2000].decode()}")
        return time.perf_counter() - began

    def _connection(self, *, anew: bool) -> http.client.HTTPConnection:
        if anew or not hasattr(self.own, "connection"):
            self.own.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection: http.client.HTTPConnection = self.own.connection
        return connection


def p95_ms(took: list[float]) -> float:
    """Of so many seconds the 95th percentile, in milliseconds."""
    return sorted(took)[int(len(took) * P95)] * 1000


def _shared(waiting: Iterator[Ask], lock: Lock) -> Iterator[Ask]:
    """What is left for whoever asks next."""
    while True:
        with lock:
            ask = next(waiting, None)
        if ask is None:
            return
        yield ask
