"""The whole suite: on SQLite, and what touches a database once more on PostgreSQL.

`scripts/test.py` takes pytest's own arguments. PostgreSQL is the server at `TEST_DATABASE_URL`,
else one of our own (see `postgres.py`). What this machine lacks is said in one line each, and is
a failure where `REQUIRE_POSTGRES` or `REQUIRE_BROWSER` is set. Ends with pytest's last line.
"""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts import postgres  # noqa: E402  # needs the path
from tests import browser  # noqa: E402  # needs the path


def is_required(name: str) -> bool:
    return os.environ.get(name, "") not in {"", "0"}


def say_what_is_missing(binaries: Path | None) -> None:
    """A line for each; ends the run where it is required."""
    lacking = []
    if binaries is None and not os.environ.get("TEST_DATABASE_URL"):
        lacking.append(("REQUIRE_POSTGRES", f"Not run on PostgreSQL: {postgres.MISSING}"))
    if browser.executable() is None:
        lacking.append(("REQUIRE_BROWSER", f"Not run in a browser: {browser.MISSING}"))
    for _, sentence in lacking:
        print(sentence, flush=True)
    if refused := [name for name, _ in lacking if is_required(name)]:
        sys.exit(f"{' and '.join(refused)} set: the tests can't run without.")


def run_pytest(*arguments: str, database_url: str) -> int:
    """pytest's exit status, with as many workers as there are cores for us."""
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(workers), "--dist", "worksteal"]
    environment = os.environ | {"TEST_DATABASE_URL": database_url}
    return subprocess.run(  # noqa: S603  # our own tests
        [*command, *arguments], cwd=ROOT, env=environment, check=False
    ).returncode


def run_on_both(*arguments: str) -> int:
    """The first exit status that isn't 0: of a run on SQLite, then of one on PostgreSQL."""
    binaries = postgres.find_binaries()
    say_what_is_missing(binaries)
    print("On SQLite:", flush=True)
    code = run_pytest(*arguments, database_url="")
    with ExitStack() as stack:
        url = os.environ.get("TEST_DATABASE_URL", "")
        if code or not (url or binaries):
            return code
        if binaries and not url:
            url = stack.enter_context(postgres.temporary_server(binaries))
        print("On PostgreSQL, what touches a database:", flush=True)
        return run_pytest("--only-database", *arguments, database_url=url)


def main() -> int:
    signal.signal(signal.SIGTERM, postgres.end_tidily)
    return run_on_both(*sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
