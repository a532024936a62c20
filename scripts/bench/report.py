"""The table of ratios, printed and written to `docs/performance.md`."""

from collections.abc import Iterable

from scripts.bench.measuring import Measured

HEAD = f"{'':54}{'CPU ms':>8}{'× floor':>9}{'p95 ms':>8}{'queries':>9}"


def table(rows: Iterable[Measured]) -> str:
    """For the terminal."""
    lines = [
        f"{row.case.name:54}{row.cost.cpu_ms:8.2f}{row.ratio:9.2f}{row.cost.p95_ms:8.0f}"
        f"{row.queries:9}   web {row.cost.web_ms:.2f} db {row.cost.database_ms:.2f}"
        f" floor {row.floor.cpu_ms:.2f} = {row.floor.web_ms:.2f} + {row.floor.database_ms:.2f}"
        for row in rows
    ]
    return "\n".join([HEAD, *lines])
