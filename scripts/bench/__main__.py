"""What our pages cost beside the least that such a page can cost, measured in the same run.

`make bench` takes some minutes and puts the figures into `docs/performance.md`, where it
says how they are measured; `make bench QUICK=1` makes fewer rounds, `make bench ONLY=week` only
the rows in whose name that occurs, and neither touches the page.
"""

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from scripts import postgres  # noqa: E402  # needs the path
from scripts.bench.server import PROC, web_server  # noqa: E402  # so does it
from scripts.ports import free_port  # noqa: E402  # so does it

# What is committed is on the disk, as it has to be where money is. One process a query, so that
# none of its CPU time is lost.
HONEST = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_parallel_workers_per_gather": "0",
    "autovacuum": "off",  # it would work for whoever comes next
}


@contextmanager
def set_up(port: int) -> Iterator[None]:
    """A demo of its own on a PostgreSQL server of its own; both go away."""
    binaries = postgres.find_binaries()
    if binaries is None:
        sys.exit(postgres.MISSING)
    with (
        tempfile.TemporaryDirectory(prefix="mentormatch-bench-") as folder,
        postgres.cluster(binaries, **HONEST) as database,
    ):
        os.environ |= {"DJANGO_SETTINGS_MODULE": "mentormatch.settings", "MENTORMATCH_DEMO": "1"}
        os.environ |= {
            "VAR_DIR": folder,
            "DATABASE_URL": database.url,
            "CACHE_URL": "",
            "DEBUG": "",
        }
        os.environ |= {"PORT": str(port), "SITE_URL": f"http://127.0.0.1:{port}"}
        import django  # noqa: PLC0415  # the environment comes first

        django.setup()
        from django.core.management import call_command  # noqa: PLC0415  # so does it here

        call_command("prepare")
        yield


def main() -> None:
    signal.signal(signal.SIGTERM, postgres.end_tidily)
    if not (PROC / "self" / "schedstat").exists():
        sys.exit("The CPU time of other processes is read from /proc, which Linux alone has.")
    is_quick, only = bool(os.environ.get("QUICK")), os.environ.get("ONLY", "")
    with ExitStack() as stack:
        port, floor_port = free_port(), free_port()
        stack.enter_context(set_up(port))
        from scripts.bench import flood, measuring, report, world  # noqa: PLC0415  # after the set-up

        made = world.make()
        ours = stack.enter_context(web_server(port, "mentormatch.wsgi:application"))
        floor = stack.enter_context(web_server(floor_port, "scripts.bench.floor_wsgi:application"))
        bench = measuring.Bench(made, (port, ours), (floor_port, floor), is_quick=is_quick)
        rows = []
        print(report.HEAD)
        for row in bench.rows(only):
            print(report.line(row), flush=True)
            rows.append(row)
        if only and only not in flood.NAME:
            return
        came = flood.measure(made, port)
        print(report.flood_line(came), flush=True)
        if not (is_quick or only):
            report.write_page(rows, came, bench, os.environ["DATABASE_URL"])


if __name__ == "__main__":
    main()
