"""SQLite's writers wait for each other, and no longer than they are told to."""

import threading
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import OperationalError, connections

from mentormatch.db import is_outage
from mentormatch.sqlite3.base import LOOK_MILLISECONDS

AGES, WRITES = 1e6, ["INSERT INTO t VALUES (1)", "BEGIN IMMEDIATE"]
pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def database(monkeypatch, tmp_path, django_db_blocker):
    """A new database with a table `t`; every thread has a connection of its own to it."""
    config = settings.DATABASES["stripe_emulator"] | {"NAME": tmp_path / "new.sqlite3"}
    monkeypatch.setitem(connections.settings, "new", config)
    with django_db_blocker.unblock():
        execute("CREATE TABLE t (x)")
        yield
        connections["new"].close()
        del connections["new"]


def execute(statement, *, patience=None):
    database = connections["new"]
    database.ensure_connection()
    if patience is not None:
        database.connection.patience = patience
    with database.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def locked():
    """Another one writes until the event that this gives is set."""
    begun, done = threading.Event(), threading.Event()

    def write():
        execute("BEGIN IMMEDIATE")
        begun.set()
        done.wait(60)
        execute("COMMIT")
        connections["new"].close()

    other = threading.Thread(target=write)
    other.start()
    begun.wait(60)
    try:
        yield done
    finally:
        done.set()
        other.join(60)


def test_a_file_that_cant_be_opened_is_an_outage(monkeypatch, tmp_path):
    connections["new"].close()
    monkeypatch.setitem(connections["new"].settings_dict, "NAME", tmp_path / "away" / "x.sqlite3")
    with pytest.raises(OperationalError, match="unable to open") as refusal:
        execute("SELECT 1")
    assert is_outage(refusal.value)


@pytest.mark.parametrize("statement", WRITES)
def test_whoever_waits_comes_next(statement):
    with locked() as done:
        threading.Timer(LOOK_MILLISECONDS / 1000 * 5, done.set).start()
        execute(statement, patience=AGES)


@pytest.mark.parametrize("statement", WRITES)
def test_whoever_waited_long_enough_is_told(statement):
    with locked(), pytest.raises(OperationalError, match="locked") as refusal:
        execute(statement, patience=LOOK_MILLISECONDS / 1000 * 5)
    assert is_outage(refusal.value)


def test_readers_wait_for_nobody():
    with locked():
        execute("SELECT * FROM t", patience=AGES)


def test_what_has_begun_is_not_repeated():
    """Someone else wrote what this transaction has read: waiting wouldn't help."""
    execute("BEGIN")
    execute("SELECT * FROM t")
    with locked(), pytest.raises(OperationalError, match="locked"):
        execute(WRITES[0], patience=AGES)
    execute("ROLLBACK")


def test_other_trouble_is_told_at_once():
    with pytest.raises(OperationalError, match="no such table") as refusal:
        execute("SELECT * FROM nowhere", patience=AGES)
    assert not is_outage(refusal.value)
