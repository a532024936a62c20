"""Tasks of the tests: a worker's process imports them from here."""

import os
import time
from pathlib import Path

from mentormatch.background import durable


@durable(attempts=3)
def write(path: str, text: str) -> None:
    """Add a line to a file."""
    with open(path, "a") as file:
        file.write(f"{text}\n")


@durable(attempts=3)
def fail(path: str) -> None:
    """Raise unless the file is there."""
    if not Path(path).exists():
        raise ValueError("It isn't there yet.")


@durable(attempts=3)
def linger(path: str, seconds: float) -> None:
    """Say who runs this, wait, and say that it is done."""
    with open(path, "a") as file:
        file.write(f"started by {os.getpid()}\n")
    time.sleep(seconds)
    with open(path, "a") as file:
        file.write("done\n")
