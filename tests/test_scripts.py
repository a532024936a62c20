"""The project's own tools notice what they are there for."""

import sys
from pathlib import Path

import pytest

from scripts import house_rules, lock, postgres, setup
from scripts import test as runner
from tests import browser

SOUND = """
def short():
    return 1  # noqa: S101  # a reason
"""
UNSOUND = {
    "a reason that is missing": "x = 1  # noqa: S101\n",
    "another one": "x = 1  # type: ignore[misc]\n",
    "a function too long": "def long():\n" + "    x = 1\n" * 51,
    "a file too long": "x = 1\n" * 601,
    "a place on one machine": "path = '/{}/somewhere'\n".format("opt"),
}


@pytest.fixture
def bare(monkeypatch):
    """A machine with neither PostgreSQL nor a browser."""
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    monkeypatch.delenv("REQUIRE_POSTGRES", raising=False)
    monkeypatch.delenv("REQUIRE_BROWSER", raising=False)
    monkeypatch.setattr(browser, "executable", lambda: None)


def test_what_is_missing_is_said_in_a_line_each(bare, capsys):
    runner.say_what_is_missing(None)
    postgresql, chromium = capsys.readouterr().out.splitlines()
    assert "apt-get install postgresql" in postgresql
    assert "apt-get install chromium" in chromium


@pytest.mark.parametrize("name", ["REQUIRE_POSTGRES", "REQUIRE_BROWSER"])
def test_what_is_required_and_missing_ends_the_run(bare, monkeypatch, name):
    monkeypatch.setenv(name, "1")
    with pytest.raises(SystemExit, match=name):
        runner.say_what_is_missing(None)


def test_a_server_that_is_named_needs_no_binaries(bare, monkeypatch, capsys):
    monkeypatch.setenv("TEST_DATABASE_URL", "postgres://user@host/db")
    monkeypatch.setenv("REQUIRE_POSTGRES", "1")
    runner.say_what_is_missing(None)
    assert "PostgreSQL" not in capsys.readouterr().out


def test_no_server_is_found_where_none_is_installed(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter(()))
    monkeypatch.setattr(postgres, "find_spec", lambda name: None)
    assert postgres.find_binaries() is None


@pytest.fixture
def file(monkeypatch, tmp_path):
    """`file(text)` is a test module with that text, in a repository of its own."""
    monkeypatch.setattr(house_rules, "ROOT", tmp_path)

    def write(text, name="tests/test_it.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write


def test_what_is_sound_passes(file):
    assert list(house_rules.problems(file(SOUND))) == []


@pytest.mark.parametrize("text", UNSOUND.values(), ids=UNSOUND)
def test_a_house_rule_that_is_broken_is_noticed(file, text):
    assert len(list(house_rules.problems(file(text)))) == 1


@pytest.mark.parametrize(
    "text",
    ['<p style="color: red">', "<script>1</script>", '<a onclick="go()">', "<style>a {}</style>"],
)
def test_what_the_policy_refuses_is_noticed_in_a_template(file, text):
    assert len(list(house_rules.problems(file(text, "templates/page.html")))) == 1


def test_a_template_may_name_a_script(file):
    text = '{% load static %}\n<script src="{% static "js/app.js" %}" defer></script>\n'
    assert list(house_rules.problems(file(text, "templates/page.html"))) == []


def test_the_locks_are_up_to_date():
    assert lock.problems() == []


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("# Made by `make lock` from other dependencies.\n", "behind pyproject.toml"),
        (f"{lock.first_line()}--index-url https://example.org/simple\n", "names an index"),
        (f"{lock.first_line()}thing @ file:///tmp/thing.whl\n", "names an index"),
    ],
)
def test_a_lock_that_is_wrong_is_noticed(monkeypatch, tmp_path, line, sentence):
    for name in ("RUN", "DEV"):
        monkeypatch.setattr(lock, name, tmp_path / f"{name}.txt")
        (tmp_path / f"{name}.txt").write_text(line)
    found = lock.problems()
    assert len(found) == 2
    assert all(sentence in each for each in found)


@pytest.fixture
def checkout(monkeypatch, tmp_path):
    """An empty checkout with two locks and a `.venv` that works."""
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    for name in ("VENV", "PYTHON", "STAMP"):
        inside = getattr(setup, name).relative_to(Path(setup.__file__).parent.parent)
        monkeypatch.setattr(setup, name, tmp_path / inside)
    setup.PYTHON.parent.mkdir(parents=True)
    setup.PYTHON.symlink_to(sys.executable)
    for lock_name in setup.LOCKS.values():
        (tmp_path / lock_name).write_text(lock_name)
    installed = []
    monkeypatch.setattr(setup, "install", lambda kind, uv: installed.append(kind))
    return installed


def test_nothing_is_installed_twice(checkout, monkeypatch):
    for kind in ("run", "run", "dev", "run", "dev"):
        monkeypatch.setattr(sys, "argv", ["setup.py", kind])
        setup.main()
    assert checkout == ["run", "dev"]


def test_a_changed_lock_is_installed(checkout, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["setup.py", "run"])
    setup.main()
    (setup.ROOT / "requirements.txt").write_text("another")
    setup.main()
    assert checkout == ["run", "run"]


def test_a_python_too_old_is_told_what_to_do(monkeypatch):
    monkeypatch.setattr(setup, "OLDEST", (9, 0))
    monkeypatch.setattr(setup.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="or newer, and this is"):
        setup.use_a_new_enough_python()
