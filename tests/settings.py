"""The settings of the tests: the product's own, in its demo, on databases made for each run.

`TEST_DATABASE_URL` chooses PostgreSQL; without it SQLite is used, in files, because threads and
processes have to share it. Nothing of a developer's `.env` or `var/` is read or written.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
# pytest-xdist's workers inherit the folder from the process that starts them, which removes it.
if "MENTORMATCH_TEST_DIR" not in os.environ:
    os.environ["MENTORMATCH_TEST_DIR"] = tempfile.mkdtemp(prefix="mentormatch-test-")
    atexit.register(shutil.rmtree, os.environ["MENTORMATCH_TEST_DIR"], ignore_errors=True)

TEST_STEM = f"test_mentormatch_{WORKER}"
_dir = Path(os.environ["MENTORMATCH_TEST_DIR"]) / WORKER
_server = os.environ.get("TEST_DATABASE_URL", "")
# Given here, so that `.env` can't: it fills in only what is missing.
os.environ |= {
    "MENTORMATCH_DEMO": "1",
    "DEBUG": "",
    "HOST": "127.0.0.1",
    "PORT": "8000",
    "SITE_URL": "http://localhost:8000",
    "ALLOWED_HOSTS": "",
    "VAR_DIR": str(_dir),
    "DATABASE_URL": _server or f"sqlite:///{_dir / 'unused.sqlite3'}",
    "CACHE_URL": "dbcache://cache",
    "EMAIL_URL": f"filemail://{_dir / 'mail'}",
    "SECRET_KEY": "a-key-of-the-tests-0123456789-0123456789-0123456789",
    "JWT_SECRET": "another-key-of-the-tests-0123456789-0123456789",
    # Only `make test-stripe` gives one, of Stripe's test mode.
    "STRIPE_SECRET_KEY": os.environ.get("TEST_STRIPE_SECRET_KEY", ""),
    "STRIPE_PUBLISHABLE_KEY": "",
    "STRIPE_WEBHOOK_SECRET": "",
    "STRIPE_CONNECT_WEBHOOK_SECRET": "",
    "PLATFORM_FEE_PERCENT": "10",
    "PAYOUT_DELAY_HOURS": "48",
    "SETTLEMENT_CURRENCIES": "eur,usd",
    "VIDEO_PROVIDER": "builtin",
    # Playwright leaves an event loop running in the thread of the tests, where Django looks for it.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
}
for _name in (
    "WEB_CONCURRENCY",
    "LOG_LEVEL",
    "DEFAULT_FROM_EMAIL",
    "API_READS_A_MINUTE",
    "API_WRITES_A_MINUTE",
    "CORS_ALLOWED_ORIGINS",
    "TRUSTED_PROXIES",
):
    os.environ.pop(_name, None)

from mentormatch.settings import *  # noqa: E402, F403  # the environment comes first
from mentormatch.settings import DATABASES, INSTALLED_APPS, LOGGING, STORAGES, VAR_DIR  # noqa: E402  # so does it here

INSTALLED_APPS += ["tests.stripe_watch.StripeWatch"]
_default, _emulator = DATABASES["default"], DATABASES["stripe_emulator"]
IS_POSTGRES = "postgresql" in _default["ENGINE"]
if IS_POSTGRES:
    # The tests open and close connections by themselves, and drop the database at the end.
    _default["OPTIONS"] = {k: v for k, v in _default["OPTIONS"].items() if k != "pool"}
    _default["TEST"] = {"NAME": TEST_STEM}
else:
    _default["TEST"] = {"NAME": VAR_DIR / f"{TEST_STEM}.sqlite3"}
# Named as the product names it beside that database: a server started by a test finds it.
_emulator["TEST"] = {
    "NAME": VAR_DIR / f"{TEST_STEM}.stripe-emulator.sqlite3",
    "MIGRATE": False,  # its tables are made at once: the migrations of all else take seconds
}
for _database in (_default, _emulator):
    if "sqlite3" in _database["ENGINE"]:
        _database["OPTIONS"] = _database["OPTIONS"] | {
            # Nothing here has to outlive a power cut.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
        }
DEMO_CLOCK_FILE = VAR_DIR / f"{TEST_STEM}.clock"

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = True  # nothing is collected in the tests
LOGGING["root"]["level"] = "CRITICAL"
