"""The tests with a large budget, on both engines, and their figures in `docs/stress.md`.

`scripts/stress.py` takes pytest's own arguments; with any, the file is left as it is.
"""

import datetime as dt
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts import postgres, test  # noqa: E402  # needs the path

PAGE = ROOT / "docs" / "stress.md"
HEAD = """# What `make stress` found

The suite's sampled tests with their whole budgets, each on SQLite and on PostgreSQL. Written by
`make stress` on {day}, on {cores} cores, in {minutes} minutes; every one of these tests passed.

| What | SQLite | PostgreSQL |
|---|---|---|
"""


def write_page(figures: Path, minutes: float) -> None:
    """A row for each figure, a column for each engine."""
    rows: dict[str, dict[str, Any]] = {}
    for line in figures.read_text().splitlines():
        entry = json.loads(line)
        engines, figure = rows.setdefault(entry["what"], {}), entry["figure"]
        if isinstance(figure, int):
            figure += engines.get(entry["engine"], 0)
        engines[entry["engine"]] = figure
    day = dt.datetime.fromtimestamp(time.time(), dt.UTC).date()
    head = HEAD.format(day=day, cores=os.cpu_count(), minutes=round(minutes))
    table = [
        f"| {what} | {engines.get('sqlite', '–')} | {engines.get('postgresql', '–')} |"
        for what, engines in sorted(rows.items())
    ]
    PAGE.write_text(head + "\n".join(table) + "\n")


def main() -> int:
    signal.signal(signal.SIGTERM, postgres.end_tidily)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mentormatch-stress-") as folder:
        figures = Path(folder) / "figures"
        figures.touch()
        os.environ |= {"STRESS": "1", "STRESS_FIGURES": str(figures)}
        os.environ |= {"HYPOTHESIS_PROFILE": "stress"}
        code = test.run_on_both("-m", "stress", *sys.argv[1:])
        if code == 0 and not sys.argv[1:]:
            write_page(figures, (time.monotonic() - began) / 60)
            print(f"The figures are in {PAGE.relative_to(ROOT)}.")
    return code


if __name__ == "__main__":
    sys.exit(main())
