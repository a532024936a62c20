"""What the environment says, read once by `settings.py`.

Kept apart from the settings because it writes: in the demo, secrets that are not
given are made once and kept in `var/secrets.env`.
"""

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

DEMO_SECRETS = ("SECRET_KEY", "JWT_SECRET", "STRIPE_EMULATOR_SECRET")
PLACEHOLDERS = ("change-me", "changeme", "replace-me", "your-", "<", "xxx")


def load_demo_secrets(path: Path) -> dict[str, str]:
    """Return the demo's secrets, made on the first call and kept in `path` (mode 0600)."""
    known = dict(
        line.split("=", 1)
        for line in (path.read_text().splitlines() if path.exists() else [])
        if "=" in line
    )
    missing = [name for name in DEMO_SECRETS if name not in known]
    if missing:
        known |= {name: secrets.token_urlsafe(48) for name in missing}
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"{path.name}.{os.getpid()}")
        with open(os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.writelines(f"{name}={value}\n" for name, value in known.items())
        new.replace(path)
    return known


def refuse_placeholder(name: str, value: str) -> str:
    """Return `value`, or stop the start with one clear line when it is a template's filler."""
    if value and any(value.lower().startswith(mark) for mark in PLACEHOLDERS):
        raise ImproperlyConfigured(
            f"{name} still holds the placeholder of .env.example: put in a real value "
            "or delete the line."
        )
    return value


def stem_of(database_url: str) -> str:
    """Name of the main database as a file stem: what is kept beside it is named after it."""
    stem = Path(urlsplit(database_url).path).stem
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in stem) or "mentormatch"
