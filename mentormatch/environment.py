"""What the environment says, read once by `settings.py`.

Kept apart from the settings because it writes: in the demo, secrets that are not
given are made once and kept in `var/secrets.env`.
"""

import os
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

DEMO_SECRETS = ("SECRET_KEY", "JWT_SECRET", "STRIPE_EMULATOR_SECRET")
DATABASE_SCHEMES = {"sqlite", "postgres", "postgresql"}
# Seconds until a Redis that is away is given up; by itself its client waits for ever.
REDIS_WAITS = {"socket_connect_timeout": 2, "socket_timeout": 2}
CACHE_SCHEMES = {"dbcache", "redis", "rediss"}
ON, OFF = {"1", "true", "on", "yes"}, {"", "0", "false", "off", "no"}
PLACEHOLDERS = ("change-me", "changeme", "replace-me", "your-", "<", "xxx")


class Environment(environ.Env):
    """django-environ's reader, which says in one line what it can't read.

    A variable that is given empty counts as not given, so that `.env` may name all of them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ENVIRON = {name: value for name, value in os.environ.items() if value.strip()}

    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().get_value(var, *args, **kwargs)
        except ValueError as error:
            given = self.ENVIRON.get(var)
            raise ImproperlyConfigured(f"{var} can't be {given!r}.") from error

    def number(self, name: str, *, default: int, least: int, most: int) -> int:
        """A whole number within bounds, both included."""
        value = int(self.int(name, default=default))
        if not least <= value <= most:
            raise ImproperlyConfigured(f"{name} must be from {least} to {most}, and is {value}.")
        return value

    def choice(self, name: str, options: tuple[str, ...]) -> str:
        """One of the options; the first where nothing is given."""
        value = str(self(name, default="")) or options[0]
        if value not in options:
            known = ", ".join(repr(option) for option in options)
            raise ImproperlyConfigured(f"{name} must be one of {known}, and is {value!r}.")
        return value

    def switch(self, name: str) -> bool:
        """On or off, and off where nothing is given."""
        value = str(self(name, default="")).strip().lower()
        if value not in ON | OFF:
            raise ImproperlyConfigured(f"{name} must be 1 or 0, and is {value!r}.")
        return value in ON

    def names(self, name: str, default: tuple[str, ...] = ()) -> list[str]:
        """What stands there with commas between, which may have spaces around them."""
        found = [part.strip() for part in self.list(name, default=list(default))]
        return [part for part in found if part]


def folder_of(name: str, path: Path) -> Path:
    """Return that folder, which is made where there is none."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"{name}={path} can't be made: {error.strerror}.") from error
    return path


def site_of(url: str) -> SplitResult:
    """The parts of `SITE_URL`. Every link begins with it, so that it ends with its host or port."""
    try:
        site = urlsplit(url)
        is_bare = bool(site.hostname) and site.geturl() == f"{site.scheme}://{site.netloc}"
        is_right = is_bare and site.port != 0
    except ValueError:
        is_right = False
    if not is_right:
        raise ImproperlyConfigured(
            f"SITE_URL must be like https://mentors.example, and is {url!r}."
        )
    return site


def currencies_in(codes: list[str]) -> list[str]:
    found = [code.lower() for code in codes]
    if not found or not all(re.fullmatch("[a-z]{3}", code) for code in found):
        raise ImproperlyConfigured("SETTLEMENT_CURRENCIES must be codes with commas, like eur,usd.")
    return found


def refuse_other_keys(name: str, value: str, *kinds: str) -> str:
    """Return a key of Stripe's, or stop the start where it is of another kind."""
    starts = [f"{kind}_{mode}_" for kind in kinds for mode in ("test", "live")]
    if value and not value.startswith(tuple(starts)):
        raise ImproperlyConfigured(f"{name} must start with {' or '.join(starts[:2])}.")
    return value


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


def database_config(url: str) -> dict[str, Any]:
    """Django's configuration of the database at a URL. No error names it: it has a password."""
    if urlsplit(url).scheme not in DATABASE_SCHEMES:
        raise ImproperlyConfigured("DATABASE_URL must start with sqlite:/// or postgres://.")
    try:
        config = dict(environ.Env.db_url_config(url))
    except ValueError as error:
        raise ImproperlyConfigured("DATABASE_URL can't be read as an address.") from error
    if not config["NAME"] and "service" not in config.get("OPTIONS", {}):
        raise ImproperlyConfigured("DATABASE_URL names no database: end it with /name.")
    return config


def cache_config(url: str) -> dict[str, Any]:
    """Django's configuration of the cache at a URL, which all processes share."""
    try:
        is_known = urlsplit(url).scheme in CACHE_SCHEMES and urlsplit(url).port != 0
    except ValueError:
        is_known = False
    if not is_known:
        raise ImproperlyConfigured("CACHE_URL must be like redis://host:6379/0.")
    config = dict(environ.Env.cache_url_config(url))
    if "redis" in config["BACKEND"].lower():
        config["OPTIONS"] = REDIS_WAITS | config.get("OPTIONS", {})
    return config


def mail_config(env: environ.Env, *, default: str) -> dict[str, Any]:
    """Django's `EMAIL_…` settings from `EMAIL_URL`; a `filemail` folder is an absolute path."""
    try:
        config = dict(env.email_url("EMAIL_URL", default=default))
    except (ValueError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(
            "EMAIL_URL can't be read as an address like smtp+tls://user:password@host:587."
        ) from error
    if folder := config.get("EMAIL_FILE_PATH"):
        # The parser drops the first slash: mails would end in a folder of that name right here.
        config["EMAIL_FILE_PATH"] = str(Path("/", folder))
    return config


def refuse_short(name: str, value: str, *, least: int) -> str:
    """Return `value`, or stop the start when a guess at it would be too easy."""
    if len(value.encode()) < least:
        raise ImproperlyConfigured(f"{name} is too short: it takes {least} random bytes or more.")
    return value


def stem_of(database_url: str) -> str:
    """Name of the main database as a file stem: what is kept beside it is named after it."""
    stem = Path(urlsplit(database_url).path).stem
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in stem) or "mentormatch"
