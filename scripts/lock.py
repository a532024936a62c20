"""Resolve the requirements and write them down with their hashes; `--check` asks if they are.

The first line of each file names the state of pyproject.toml's dependencies from which it was
made, so that the check needs no network. No index and no host is named: whatever the machine's
own configuration says is used, and stays there.
"""

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUN, DEV = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"
COMPILE = ("pip", "compile", "pyproject.toml", "--generate-hashes", "--universal", "--quiet")
QUIET_ABOUT_INDEXES = ("--no-header", "--no-emit-index-url", "--no-emit-find-links")
HOST = re.compile(r"://|^\s*--(?!hash=)", re.MULTILINE)


def first_line() -> str:
    """The line that says which dependencies a lock was made from."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [
        project["project"]["requires-python"],
        sorted(project["project"]["dependencies"]),
        sorted(project["dependency-groups"]["dev"]),
    ]
    digest = hashlib.sha256(json.dumps(wanted).encode()).hexdigest()
    return f"# Made by `make lock` from the dependencies in pyproject.toml ({digest[:16]}).\n"


def compile_lock(target: Path, *options: str) -> None:
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), *COMPILE, *QUIET_ABOUT_INDEXES, *options, "-o", target.name]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # our own
    target.write_text(first_line() + target.read_text())


def problems() -> list[str]:
    """What is wrong with the locks, a line each."""
    found = []
    for lock in (RUN, DEV):
        text = lock.read_text()
        if not text.startswith(first_line()):
            found.append(f"{lock.name} is behind pyproject.toml: run `make lock`.")
        if HOST.search(text):
            found.append(f"{lock.name} names an index or a host.")
    return found


def main() -> None:
    if "--check" not in sys.argv:
        compile_lock(RUN)
        compile_lock(DEV, "--group", "dev", "-c", RUN.name)
    if found := problems():
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
