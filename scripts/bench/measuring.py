"""A case and its floor in turns: CPU time of web server and database, and how long it took."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from scripts.bench.cases import Case, cases, floors
from scripts.bench.load import Ask, Clients, p95_ms
from scripts.bench.server import children, clients_of, cpu_seconds, parent
from scripts.bench.world import World

WARM_UP = 64  # requests: both workers have seen it, and the database's connections are made
CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")

Server = tuple[int, int]  # its port, and the number of its main process


@dataclass(frozen=True)
class Cost:
    """Of a request: CPU in milliseconds, of the web server and of the database, and the time."""

    web_ms: float
    database_ms: float
    p95_ms: float

    @property
    def cpu_ms(self) -> float:
        return self.web_ms + self.database_ms


@dataclass(frozen=True)
class Measured:
    """A row of the table: medians of all rounds."""

    case: Case
    ratio: float
    cost: Cost
    floor: Cost
    queries: int


class Bench:
    """Both servers on one database, and the rounds that are made."""

    def __init__(self, world: World, ours: Server, floor: Server, *, is_quick: bool) -> None:
        self.rounds, self.requests = (3, 60) if is_quick else (7, 80)
        self.world = world
        self.ours, self.floor = ours, floor
        self.clients = {server: Clients(server[0]) for server in (ours, floor)}
        self.floors = floors(world)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self.postmaster = parent(cursor.fetchone()[0])

    def rows(self, only: str = "") -> Iterator[Measured]:
        """Measure every case, or those in whose name `only` occurs."""
        for asks in self.floors.values():
            self._round(self.floor, asks, WARM_UP)
        for case in cases(self.world):
            if only in case.name:
                yield self._measure(case)

    def _measure(self, case: Case) -> Measured:
        queries = count_queries(next(case.asks))
        self._round(self.ours, case.asks, WARM_UP)
        pairs = [
            (self._round(self.floor, self.floors[case.floor]), self._round(self.ours, case.asks))
            for _round in range(self.rounds)
        ]
        ratio = statistics.median(ours.cpu_ms / floor.cpu_ms for floor, ours in pairs)
        floor, ours = (_median(costs) for costs in zip(*pairs, strict=True))
        return Measured(case, ratio, ours, floor, queries)

    def _round(self, server: Server, asks: Iterator[Ask], number: int = 0) -> Cost:
        number = number or self.requests
        # Made before the clock runs, and in this thread: some of them write what they need.
        made = list(islice(asks, number))
        before = self._used(server)
        took = self.clients[server].send(made)
        web, database = (now - then for now, then in zip(self._used(server), before, strict=True))
        return Cost(web * 1000 / number, database * 1000 / number, p95_ms(took))

    def _used(self, server: Server) -> tuple[float, float]:
        return cpu_seconds(children(server[1])), cpu_seconds(clients_of(self.postmaster))


def _median(costs: tuple[Cost, ...]) -> Cost:
    columns = zip(*((c.web_ms, c.database_ms, c.p95_ms) for c in costs), strict=True)
    return Cost(*(statistics.median(column) for column in columns))


def count_queries(ask: Ask) -> int:
    """How many a request costs, in this process; what begins and ends transactions not counted."""
    client = Client(SERVER_NAME="127.0.0.1", headers=ask.headers)
    kind = ask.headers.get("Content-Type", "")
    with CaptureQueriesContext(connection) as queries:
        answer = client.generic(ask.method, ask.path, ask.body or b"", kind)
    if answer.status_code != ask.status:
        raise SystemExit(f"{ask.path} answered {answer.status_code}.")
    return sum(not query["sql"].startswith(CONTROL) for query in queries.captured_queries)
