"""The Chromium of this machine, driven by pytest-playwright. Mark such tests `browser`."""

import os
import shutil
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "no Chromium on PATH: install one (Debian: apt-get install chromium)"
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def executable() -> str | None:
    """Path of the first Chromium found."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def require(item: pytest.Item) -> None:
    """Skip a test that needs a browser where there is none, or fail if `REQUIRE_BROWSER` is set."""
    if executable():
        return
    if os.environ.get("REQUIRE_BROWSER", "") not in {"", "0"}:
        raise pytest.UsageError(f"REQUIRE_BROWSER is set, but there is {MISSING}")
    item.add_marker(pytest.mark.skip(reason=MISSING))


def launch_arguments() -> dict[str, Any]:
    """What Playwright is told when it starts the browser."""
    # Chromium refuses its sandbox to root.
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    return {"executable_path": executable(), "args": [*sandbox, *ARGUMENTS]}
