"""The table of ratios: printed, and put into `docs/performance.md` between its two marks."""

import datetime as dt
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator

from scripts import bench_slots
from scripts.bench.flood import A_SECOND, SECONDS, Flood
from scripts.bench.measuring import Bench, Measured
from scripts.bench.server import ROOT

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures of make bench -->", "<!-- end of the figures -->"
HEAD = f"{'':54}{'CPU ms':>8}{'× floor':>9}{'p95 ms':>8}{'queries':>9}"
COLUMNS = """| What | CPU ms: web + database | Floor | × floor | At most | p95 ms | Queries |
|---|---|---|---|---|---|---|"""


def line(row: Measured) -> str:
    """For the terminal, below `HEAD`."""
    cost = f"{row.cost.cpu_ms:8.2f}{row.ratio:9.2f}{row.cost.p95_ms:8.0f}{row.queries:9}"
    return f"{row.case.name:54}{cost}"


def flood_line(flood: Flood) -> str:
    return (
        f"{flood.sent} webhooks at {A_SECOND} a second: {flood.stored} stored in "
        f"{flood.seconds:.1f} s; p95 of a webhook {flood.webhook_ms:.0f} ms (alone "
        f"{flood.webhook_alone_ms:.0f}), of a page {flood.page_ms:.0f} ms (alone "
        f"{flood.page_alone_ms:.0f})"
    )


def write_page(rows: Iterable[Measured], flood: Flood, bench: Bench, url: str) -> None:
    """Put the figures of this run in the place of the last one's."""
    head, _begin, rest = PAGE.read_text().partition(BEGIN)
    _old, _end, tail = rest.partition(END)
    figures = "\n".join(
        [*_figures(rows, bench), "", *_flood(flood), "", *_slots(), "", *_guards(url)]
    )
    PAGE.write_text(f"{head}{BEGIN}\n{figures}\n{END}{tail}")


def _figures(rows: Iterable[Measured], bench: Bench) -> Iterator[str]:
    day = dt.datetime.fromtimestamp(time.time(), dt.UTC).date()
    load = os.getloadavg()[2]
    yield (
        f"Measured on {day} on {os.cpu_count()} cores with a load of {load:.0f}: medians of "
        f"{bench.rounds} rounds of {bench.requests} requests, and as many of the floor between.\n"
    )
    yield COLUMNS
    for row in rows:
        most = f"{row.case.most:g}" if row.case.most else "–"
        yield (
            f"| {row.case.name} | {row.cost.web_ms:.1f} + {row.cost.database_ms:.1f} "
            f"| {row.case.floor}, {row.floor.cpu_ms:.1f} | **{row.ratio:.1f}** | {most} "
            f"| {row.cost.p95_ms:.0f} | {row.queries} |"
        )


def _flood(flood: Flood) -> Iterator[str]:
    yield f"| {A_SECOND} webhooks a second for {SECONDS} seconds | Alone | Meanwhile |"
    yield "|---|---|---|"
    yield f"| events stored, of {flood.sent} | – | {flood.stored} in {flood.seconds:.1f} s |"
    yield f"| a webhook, p95 | {flood.webhook_alone_ms:.0f} ms | {flood.webhook_ms:.0f} ms |"
    page = "a mentor's week of slots, p95"
    yield f"| {page} | {flood.page_alone_ms:.0f} ms | {flood.page_ms:.0f} ms |"


def _slots() -> Iterator[str]:
    yield "| The function that finds free times | CPU | At most |"
    yield "|---|---|---|"
    for what, found, most in bench_slots.measure():
        yield f"| {what} | {found:.2f} ms | {most:g} ms |"
    what, found, most = bench_slots.measure_growth()
    yield f"| {what} | {found:.2f} × | {most:g} × |"


def _guards(url: str) -> Iterator[str]:
    yield "| One slot, 50 mentees at once | Guard off | Guard on |"
    yield "|---|---|---|"
    for server in ("", url):
        found = _race(server)
        yield (
            f"| {found['engine']} | {found['off']['sold']} sold | {found['on']['sold']} sold, "
            f"{found['on']['refused']} refused |"
        )


def _race(server: str) -> dict[str, dict[str, int]]:
    command = [sys.executable, str(ROOT / "scripts" / "bench_guards.py")]
    kept = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "VAR_DIR"}}
    done = subprocess.run(  # noqa: S603  # a program of ours
        command,
        env=kept | {"TEST_DATABASE_URL": server},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, dict[str, int]] = json.loads(done.stdout.splitlines()[-1])
    return found
