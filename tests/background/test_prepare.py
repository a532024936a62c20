"""`manage.py prepare`: what stands between an installed checkout and a server that can start."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as project

from mentormatch.background.management.commands.prepare import Command


@pytest.fixture
def site(settings, tmp_path) -> Path:
    """The folder of the static files of an installation of its own."""
    settings.STATIC_ROOT = tmp_path / "collected"
    settings.STATICFILES_DIRS = [tmp_path / "sources"]
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "own.css").write_text("a {}")
    return settings.STATIC_ROOT


def test_static_files_are_collected_once(site, capsys):
    Command().collect_static()
    assert "Static files" in capsys.readouterr().out
    assert (site / "own.css").read_text() == "a {}"
    assert (site / "admin" / "css" / "base.css").exists()
    Command().collect_static()
    assert capsys.readouterr().out == ""


def test_static_files_are_collected_again_when_one_has_changed(site, tmp_path):
    Command().collect_static()
    (tmp_path / "sources" / "own.css").write_text("a { color: red }")
    Command().collect_static()
    assert (site / "own.css").read_text() == "a { color: red }"


@pytest.mark.slow  # every migration of the product, as on a first start
def test_both_databases_are_made_from_nothing(tmp_path):
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "mentormatch.settings",
        "MENTORMATCH_DEMO": "",
        "DEBUG": "1",
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/made.sqlite3",
    }
    command = [sys.executable, "manage.py", "prepare"]
    subprocess.run(command, cwd=project.BASE_DIR, env=environment, check=True, capture_output=True)
    ours, emulators = (
        tables(tmp_path / "made.sqlite3"),
        tables(tmp_path / "made.stripe-emulator.sqlite3"),
    )
    assert {"bookings_booking", "djstripe_account", "cache", "django_session"} <= ours
    assert any(name.startswith("stripe_emulator_") for name in emulators)
    assert "bookings_booking" not in emulators


def tables(path: Path) -> set[str]:
    with sqlite3.connect(path) as database:
        found = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    database.close()
    return found


@pytest.mark.parametrize(
    "url", ["postgres://me:secret@127.0.0.1:1/nothing", "sqlite:////nowhere/at/all.sqlite3"]
)
def test_a_database_that_does_not_answer_is_one_sentence(tmp_path, url):
    environment = os.environ | {"DATABASE_URL": url, "VAR_DIR": str(tmp_path)}
    environment |= {"DJANGO_SETTINGS_MODULE": "mentormatch.settings"}
    done = subprocess.run(
        [sys.executable, "manage.py", "prepare"],
        cwd=project.BASE_DIR,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "The database can't be used: " in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr
