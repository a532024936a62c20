"""The catalogues: made from the sources and compiled (`make messages`), or checked (`--check`).

Django takes texts out with GNU gettext; compiling needs nothing but Babel. The check compares
message by message: what a compiler writes around them is its own affair.
"""

import datetime as dt
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ROOT / "locale"
EXTRACT = ("makemessages", "--add-location", "file", "--no-wrap", "--no-obsolete")
NOT_OURS = (".venv", "staticfiles", "tests", "var", "scripts")


def sources(locales: Path) -> list[Path]:
    return sorted(locales.glob("*/LC_MESSAGES/django.po"))


def read(source: Path) -> Catalog:
    """The catalogue as its .po has it. Raises `PoFileError` where that is broken."""
    with source.open("rb") as file:
        catalog = read_po(file, locale=source.parent.parent.name, abort_invalid=True)
    # Babel would write the present: the same source gives the same bytes.
    catalog.creation_date = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    return catalog


def compiled(catalog: Catalog) -> bytes:
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


Texts = tuple[str, ...]


def _texts(said: Any) -> Texts:
    """One text or, of a plural, several."""
    return (said,) if isinstance(said, str) else tuple(said or ())


def messages(catalog: Catalog) -> dict[tuple[str | None, Texts], Texts]:
    """What a program finds in it: no header, nothing fuzzy, nothing untranslated."""
    whole = (m for m in catalog if m.id and not m.fuzzy and all(_texts(m.string)))
    return {(m.context, _texts(m.id)): _texts(m.string) for m in whole}


def problems(source: Path) -> Iterator[str]:
    """What is wrong with a catalogue: placeholders, and a .mo that says something else."""
    catalog = read(source)
    for message, errors in catalog.check():
        for error in errors:
            yield f"{source}:{message.lineno}: {error}"
    target = source.with_suffix(".mo")
    if not target.exists():
        yield f"{target} is missing: make messages"
        return
    served = read_mo(io.BytesIO(target.read_bytes()))
    if messages(served) != messages(read_mo(io.BytesIO(compiled(catalog)))):
        yield f"{target} isn't what {source.name} says: make messages"
    if served.plural_forms != catalog.plural_forms:
        yield f"{target} counts otherwise than {source.name}: make messages"


def extract() -> None:
    if not shutil.which("xgettext"):
        sys.exit("GNU gettext takes the texts out of the sources: apt-get install gettext")
    folders = sorted(LOCALES.glob("*/LC_MESSAGES"))
    languages = [f"--locale={folder.parent.name}" for folder in folders]
    ignored = [f"--ignore={name}" for name in NOT_OURS]
    command = [sys.executable, "manage.py", *EXTRACT, *languages, *ignored]
    environment = os.environ | {"MENTORMATCH_DEMO": "1"}  # it needs no secrets
    subprocess.run(command, cwd=ROOT, env=environment, check=True)  # noqa: S603  # our own


def main() -> int:
    if "--check" in sys.argv:
        found = [problem for source in sources(LOCALES) for problem in problems(source)]
        print(*found, sep="\n", end="\n" if found else "")
        return 1 if found else 0
    extract()
    for source in sources(LOCALES):
        catalog = read(source)
        source.with_suffix(".mo").write_bytes(compiled(catalog))
        left = [m for m in catalog if m.id and (m.fuzzy or not all(_texts(m.string)))]
        print(f"{source.relative_to(ROOT)}: {len(left)} texts to translate")
    return 0


if __name__ == "__main__":
    sys.exit(main())
