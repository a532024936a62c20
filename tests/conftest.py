"""What every test can use. Which database: see `tests/settings.py`."""

import datetime as dt
import gc
import os
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker
from time_machine import TimeMachineFixture

from tests import browser, budget, databases

if TYPE_CHECKING:
    from mentormatch.accounts.models import User

# A Monday, ten o'clock in Berlin: where a test needs a present, it is this one.
NOW = dt.datetime(2026, 6, 1, 8, tzinfo=dt.UTC)
PASSWORD = "demo-mentormatch"

# The same examples in every run; a machine that is slow for a moment is no failure.
hypothesis_settings.register_profile("sample", derandomize=True, deadline=None, max_examples=50)
hypothesis_settings.register_profile("stress", deadline=None, max_examples=1000)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "sample"))


def is_slow(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None


def touches_database(item: pytest.Item) -> bool:
    """Whether what a test proves may differ between SQLite and PostgreSQL.

    The emulator keeps its books in SQLite whatever ours are in.
    """
    if "stripe_emulator" in item.path.parts:
        return False
    uses = {"db", "transactional_db"} & set(getattr(item, "fixturenames", ()))
    marked = item.get_closest_marker("django_db") is not None
    elsewhere = item.get_closest_marker("browser") or item.get_closest_marker("one_engine")
    return bool(uses or marked) and not elsewhere


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--only-database",
        action="store_true",
        help="only what touches the database, and no browser: for the second engine",
    )
    parser.addoption(
        "--stripe-table",
        action="store_true",
        help="write docs/stripe-emulator-calls.md from what these tests ask of the emulator",
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    if session.config.getoption("--stripe-table"):
        from tests.stripe_table import Table

        session.config.pluginmanager.register(Table())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whoever may use the database may use the emulator's too; browser tests need a browser."""
    if config.getoption("--only-database"):
        others = [item for item in items if not touches_database(item)]
        items[:] = [item for item in items if touches_database(item)]
        config.hook.pytest_deselected(items=others)
    # The longest begin first, so that no worker has to wait for another at the end.
    items.sort(key=lambda item: not (is_slow(item) and not touches_database(item)))
    for item in items:
        mark = item.get_closest_marker("django_db")
        if mark or {"db", "transactional_db"} & set(getattr(item, "fixturenames", ())):
            given = (mark.args, mark.kwargs) if mark else ((), {})
            item.add_marker(
                pytest.mark.django_db(*given[0], **{"databases": "__all__"} | given[1]),
                append=False,
            )
        if item.get_closest_marker("browser"):
            browser.require(item)


def pytest_collection_finish() -> None:
    """A tenth of the time went to looking for garbage among what is there to stay."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    from tests.stripe_watch import WATCH

    WATCH.wrong_requests_are_meant = item.get_closest_marker("asks_wrongly") is not None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """What went to Stripe or came from it against its description fails the test that did it."""
    from tests.stripe_watch import WATCH, Broken

    try:
        result = yield
    except BaseException:
        for text in WATCH.taken():
            item.add_report_section("call", "Stripe", text)
        raise
    if found := WATCH.taken():
        raise Broken("\n".join(found))
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None, object, object]:
    """The same for what happens while the test's fixtures end."""
    from tests.stripe_watch import WATCH, Broken

    result = yield
    if found := WATCH.taken():
        raise Broken("\n".join(found))
    return result


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Nothing to change: the settings already name a database for each worker."""


@pytest.fixture(scope="session")
def django_db_keepdb(pytestconfig: pytest.Config) -> bool:
    """Start from the migrated database of an earlier run, where the migrations are the same."""
    return databases.restore(pytestconfig.cache.mkdir("database"))


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None,
    django_db_keepdb: bool,
    django_db_blocker: DjangoDbBlocker,
    pytestconfig: pytest.Config,
) -> None:
    if not django_db_keepdb:
        with django_db_blocker.unblock():
            databases.save(pytestconfig.cache.mkdir("database"))


@pytest.fixture(autouse=True)
def _real_clock() -> Iterator[None]:
    """The demo's clock is a file: no test leaves it moved for the next one."""
    yield
    settings.DEMO_CLOCK_FILE.unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def _one_language() -> Iterator[None]:
    """Django leaves the language of the last request on for whatever comes next."""
    yield
    translation.activate(settings.LANGUAGE_CODE)


Freeze = Callable[..., TimeMachineFixture]


@pytest.fixture
def freeze(time_machine: TimeMachineFixture) -> Freeze:
    """`freeze(instant)` stops every clock of this process there until the test ends.

    It returns what moves it: `freeze(NOW).shift(dt.timedelta(hours=1))`.
    """

    def stop(instant: dt.datetime = NOW) -> TimeMachineFixture:
        time_machine.move_to(instant, tick=False)
        return time_machine

    return stop


@pytest.fixture
def now(freeze: Freeze) -> dt.datetime:
    """The present, stopped at `NOW`."""
    freeze(NOW)
    return NOW


@pytest.fixture
def login() -> Callable[["User"], Client]:
    """`login(user)` is a browser's client in which that person is logged in."""

    def client_of(user: "User") -> Client:
        client = Client()
        client.force_login(user)
        return client

    return client_of


@pytest.fixture
def api() -> Callable[["User | None"], Client]:
    """`api(user)` is a client that sends that person's token; `api(None)` sends none."""

    def client_of(user: "User | None" = None) -> Client:
        if user is None:
            return Client()
        answer = Client().post(
            "/_allauth/app/v1/auth/login",
            {"email": user.email, "password": PASSWORD},
            content_type="application/json",
        )
        assert answer.status_code == 200, answer.content
        token = answer.json()["meta"]["access_token"]
        return Client(headers={"Authorization": f"Bearer {token}"})

    return client_of


@pytest.fixture
def run_tasks() -> Callable[[], object]:
    """`run_tasks()` works through the queue until it is empty, as the worker does."""
    from mentormatch.background.testing import run_tasks

    return run_tasks


@pytest.fixture
def figure() -> Callable[[str, str], None]:
    """`figure("bookings contested", "10,000")` goes into the table that `make stress` writes."""
    engine = "postgresql" if settings.IS_POSTGRES else "sqlite"
    return partial(budget.note_figure, engine=engine)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """The demo, seeded and served on a Monday morning to come; gives its address."""
    from tests.visitors import served_site

    with served_site(tmp_path) as address:
        yield address


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """pytest-playwright starts the installed Chromium instead of a download of its own."""
    return browser.launch_arguments()
