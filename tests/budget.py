"""How much a test does: a sample in `make test`, the whole of it in `make stress`.

A test with two budgets is marked `stress` and asks `budget(sample, whole)`. What it measured it
says with the fixture `figure`; `make stress` writes the figures to `docs/stress.md`.
"""

import json
import os
from pathlib import Path

IS_STRESS = bool(os.environ.get("STRESS"))


def budget(sample: int, whole: int) -> int:
    """How many rounds, people or kills this run has time for."""
    return whole if IS_STRESS else sample


def note_figure(what: str, figure: str | int, *, engine: str) -> None:
    """Keep a figure for the table that `make stress` writes; nothing to do in any other run.

    Numbers are added up: several processes may count the same.
    """
    if file := os.environ.get("STRESS_FIGURES"):
        line = json.dumps({"what": what, "figure": figure, "engine": engine})
        with Path(file).open("a") as figures:
            figures.write(line + "\n")
