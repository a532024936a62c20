"""What no other tool looks at: sizes, reasons, inline styles and what only one machine knows."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FILE, LONGEST_TEST_FILE, LONGEST_FUNCTION = 400, 600, 50
MADE = ("/migrations/", "/djstripe_migrations/", "requirements")
NO_REASON = re.compile(r"#\s*(?:noqa:[\w\s,]+|type:\s*ignore\[[\w,\s-]+\])\s*$")
# Folders of one machine, and package indexes. Debian's own folders are everyone's.
ELSEWHERE = re.compile(r"/(?:work|opt|root|home/\w+)/\w|pythonhosted\.org|index-url=")
INLINE = re.compile(r"<[^>]*\s(?:style|on[a-z]+)\s*=|<style|<script(?![^>]*\ssrc=)[^>]*>")


def tracked() -> list[Path]:
    """The files of the repository, and those about to be added to it."""
    git = ("git", "-c", "safe.directory=*")  # whoever owns the checkout: it is only read
    listing = (*git, "ls-files", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603  # git
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def long_things(path: Path, text: str) -> Iterator[str]:
    lines = text.count("\n")
    longest = LONGEST_TEST_FILE if "tests" in path.parts else LONGEST_FILE
    if lines > longest:
        yield f"1: {lines} lines, of {longest} at most"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"{node.lineno}: {node.name}: {length} lines, of {LONGEST_FUNCTION} at most"


def python_problems(path: Path, text: str) -> Iterator[str]:
    yield from long_things(path, text)
    for number, line in enumerate(text.splitlines(), 1):
        if NO_REASON.search(line):
            yield f"{number}: a check is switched off without a reason"


def line_of(text: str, found: re.Match[str]) -> int:
    return text.count("\n", 0, found.start()) + 1


def template_problems(text: str) -> Iterator[str]:
    """The content security policy would refuse these in the browser, without a word."""
    for found in INLINE.finditer(text):
        yield f"{line_of(text, found)}: inline style or script: {found[0][:60]}"


def problems(path: Path) -> Iterator[str]:
    """What is wrong in a file, as `line: what`."""
    name = f"/{path.relative_to(ROOT)}"
    try:
        text = path.read_text()
    except UnicodeDecodeError:
        return
    if path.suffix == ".py" and not any(made in name for made in MADE):
        yield from python_problems(path, text)
    if path.suffix == ".html" and "/mail/" not in name:
        yield from template_problems(text)
    if path != Path(__file__):
        for found in ELSEWHERE.finditer(text):
            yield f"{line_of(text, found)}: names a place outside: {found[0]}"


def main() -> int:
    found = [f"{path.relative_to(ROOT)}:{line}" for path in tracked() for line in problems(path)]
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
