"""How the tests come by a migrated database quickly, and how a server of theirs finds it."""

import hashlib
import os
import shutil
from pathlib import Path

from django.conf import settings
from django.db import connection

PATTERNS = ("*/migrations/*.py", "*/*/migrations/*.py", "payments/djstripe_migrations/*.py")
ALSO = ("requirements.txt", "bookings/guards.py")


def _template(cache: Path) -> Path:
    """Where the migrated SQLite file is kept: another name for each state of the migrations."""
    digest = hashlib.sha256()
    files = [path for pattern in PATTERNS for path in settings.BASE_DIR.glob(pattern)]
    for path in sorted(files) + [settings.BASE_DIR / name for name in ALSO]:
        digest.update(str(path.relative_to(settings.BASE_DIR)).encode() + path.read_bytes())
    return cache / f"{digest.hexdigest()[:24]}.sqlite3"


def restore(cache: Path) -> bool:
    """Put a copy of an earlier run's migrated database where this one's belongs.

    False where there is none, and on PostgreSQL. Django migrates the copy as it would any
    database, so what a migration or a `post_migrate` receiver adds is there all the same.
    """
    template = _template(cache)
    if settings.IS_POSTGRES or not template.exists():
        return False
    shutil.copyfile(template, settings.DATABASES["default"]["TEST"]["NAME"])
    return True


def save(cache: Path) -> None:
    """Keep a copy of the database just migrated for the next run; SQLite only."""
    if settings.IS_POSTGRES:
        return
    template = _template(cache)
    new = template.with_suffix(f".{os.getpid()}")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(new)])
    for old in cache.glob("*.sqlite3"):
        old.unlink(missing_ok=True)
    new.replace(template)


def server_environment(**extra: str) -> dict[str, str]:
    """The environment in which `manage.py` works on the databases of the running test.

    For tests that start processes of their own: `manage.py serve`, a worker to be killed.
    What they write must be committed, so such a test is a transactional one.
    """
    config = connection.settings_dict
    if settings.IS_POSTGRES:
        server = os.environ["TEST_DATABASE_URL"].rpartition("/")[0]
        url = f"{server}/{config['NAME']}"
    else:
        url = f"sqlite:///{config['NAME']}"
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    ours = {"DJANGO_SETTINGS_MODULE": "mentormatch.settings", "DATABASE_URL": url}
    return inherited | ours | extra
