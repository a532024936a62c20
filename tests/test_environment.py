"""What the start makes of the environment: each refusal is one line that says what to do."""

import os
import re
import runpy
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from mentormatch import environment
from mentormatch.environment import Environment

PRODUCTION = {
    "DEBUG": "",
    "MENTORMATCH_DEMO": "",
    "HOST": "",
    "PORT": "",
    "SECRET_KEY": "a-key-of-the-tests-0123456789-0123456789-0123456789",
    "JWT_SECRET": "another-key-of-the-tests-0123456789-0123456789",
    "SITE_URL": "https://mentors.example",
    "ALLOWED_HOSTS": "",
    "DATABASE_URL": "",
    "CACHE_URL": "",
    "EMAIL_URL": "",
    "STRIPE_SECRET_KEY": "sk_test_0123456789abcdef",
    "STRIPE_WEBHOOK_SECRET": "whsec_0123456789abcdef",
    "STRIPE_CONNECT_WEBHOOK_SECRET": "whsec_fedcba9876543210",
}
REFUSED = {
    "no key": ({"SECRET_KEY": ""}, "SECRET_KEY is missing"),
    "no token key": ({"JWT_SECRET": ""}, "JWT_SECRET is missing"),
    "short token key": ({"JWT_SECRET": "0123456789"}, "JWT_SECRET is too short"),
    "every host": ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name"),
    "every host below": ({"ALLOWED_HOSTS": ".example"}, "ALLOWED_HOSTS must name"),
    "plain http": ({"SITE_URL": "http://mentors.example"}, "SITE_URL must start with https://"),
    "a site without a scheme": ({"SITE_URL": "mentors.example"}, "SITE_URL must be like"),
    "a site without a host": ({"SITE_URL": "https://"}, "SITE_URL must be like"),
    "a site below a path": ({"SITE_URL": "https://m.example/site"}, "SITE_URL must be like"),
    "no address at all": ({"SITE_URL": "https://[::1"}, "SITE_URL must be like"),
    "a site's port too high": ({"SITE_URL": "https://m.example:70000"}, "SITE_URL must be like"),
    "an address for a host": ({"ALLOWED_HOSTS": "https://m.example"}, "ALLOWED_HOSTS must name"),
    "no folder": ({"VAR_DIR": "/dev/null/var"}, "VAR_DIR=/dev/null/var can't be made"),
    "neither on nor off": ({"DEBUG": "maybe"}, "DEBUG must be 1 or 0"),
    "no such level": ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL must be one of"),
    "another cache": ({"CACHE_URL": "memcache://u:secret@h"}, "CACHE_URL must be like"),
    "bad cache": ({"CACHE_URL": "redis://u:secret@h:port/0"}, "CACHE_URL must be like"),
    "no name": ({"DATABASE_URL": "postgres://u:secret@h/"}, "DATABASE_URL names no database"),
    "another mail": ({"EMAIL_URL": "carrier://u:secret@h"}, "EMAIL_URL can't be read"),
    "no currency": ({"SETTLEMENT_CURRENCIES": ","}, "SETTLEMENT_CURRENCIES must be"),
    "bad currencies": ({"SETTLEMENT_CURRENCIES": "eur;usd"}, "SETTLEMENT_CURRENCIES must be"),
    "the other key": ({"STRIPE_SECRET_KEY": "pk_test_01"}, "STRIPE_SECRET_KEY must start with sk_"),
    "a key shown": ({"STRIPE_PUBLISHABLE_KEY": "sk_test_01"}, "STRIPE_PUBLISHABLE_KEY must start"),
    "emulator": ({"STRIPE_SECRET_KEY": ""}, "STRIPE_SECRET_KEY is missing"),
    "placeholder": ({"STRIPE_SECRET_KEY": "change-me"}, "STRIPE_SECRET_KEY still holds"),
    "demo, placeholder": ({"MENTORMATCH_DEMO": "1", "SECRET_KEY": "change-me"}, "SECRET_KEY still"),
    "no such demo": ({"MENTORMATCH_DEMO": "please"}, "MENTORMATCH_DEMO must be one of"),
    "a word for a port": ({"PORT": "http"}, "PORT can't be 'http'"),
    "a port too high": ({"PORT": "80000"}, "PORT must be from 1 to 65535"),
    "a fee above all": ({"PLATFORM_FEE_PERCENT": "101"}, "PLATFORM_FEE_PERCENT must be from 0"),
    "another database": ({"DATABASE_URL": "mysql://u:secret@h/db"}, "DATABASE_URL must start"),
    "bad database": ({"DATABASE_URL": "postgres://u:secret@h:port/db"}, "DATABASE_URL can't"),
    "bad mail": ({"EMAIL_URL": "smtp+tls://u:secret@h:port"}, "EMAIL_URL can't be read"),
    "no such video": ({"VIDEO_PROVIDER": "zoom"}, "VIDEO_PROVIDER must be one of"),
}


def start(tmp_path, **changes):
    """`manage.py check` in that environment; what is given empty can't come from `.env`."""
    given = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)} | PRODUCTION | changes
    command = [sys.executable, "manage.py", "check"]
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env=given, capture_output=True, text=True, check=False
    )


def test_production_starts(tmp_path):
    done = start(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "secrets.env").exists()


def test_the_demo_starts_with_secrets_of_its_own(tmp_path):
    missing = {"SECRET_KEY": "", "JWT_SECRET": "", "STRIPE_SECRET_KEY": "", "SITE_URL": ""}
    done = start(tmp_path, MENTORMATCH_DEMO="1", **missing)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "secrets.env").exists()


@pytest.fixture
def read(tmp_path, monkeypatch):
    """What `settings.py` makes of that environment, in this process."""

    def read_with(**changes):
        for name, value in ({"VAR_DIR": str(tmp_path)} | PRODUCTION | changes).items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(settings.BASE_DIR / "mentormatch" / "settings.py"))

    return read_with


@pytest.mark.parametrize(("changes", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_environment_is_refused(read, changes, sentence):
    with pytest.raises(ImproperlyConfigured) as refusal:
        read(**changes)
    assert str(refusal.value).startswith(sentence)
    assert "secret@" not in str(refusal.value)


def test_a_refusal_is_one_line(tmp_path):
    done = start(tmp_path, SECRET_KEY="")
    assert done.returncode == 1
    assert done.stderr.startswith("MentorMatch can't start. SECRET_KEY is missing")
    assert done.stderr.count("\n") == 1


def test_what_stands_with_commas_may_have_spaces(read):
    made = read(ALLOWED_HOSTS="m.example, www.m.example", SETTLEMENT_CURRENCIES="EUR, usd")
    assert made["ALLOWED_HOSTS"] == ["m.example", "www.m.example"]
    assert made["SETTLEMENT_CURRENCIES"] == ["eur", "usd"]


@pytest.mark.parametrize(("given", "is_on"), [("1", True), ("True", True), ("0", False)])
def test_a_switch_is_on_or_off(read, given, is_on):
    assert read(DEBUG=given)["DEBUG"] is is_on


def test_an_address_of_ipv6_is_in_brackets(read):
    made = read(HOST="::1", SITE_URL="", MENTORMATCH_DEMO="1")
    assert made["SITE_URL"] == "http://[::1]:8000"


def example() -> dict[str, str]:
    text = (settings.BASE_DIR / ".env.example").read_text()
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))


def test_the_example_names_every_variable():
    text = (settings.BASE_DIR / "mentormatch" / "settings.py").read_text()
    read = set(re.findall(r'(?:env[\w.]*|_secret|_given|_key)\(\s*"([A-Z_]+)"', text)) | {
        "EMAIL_URL"
    }
    assert len(read) > 15
    assert set(example()) == read


def test_the_example_as_it_is_starts_nothing(tmp_path):
    assert "SECRET_KEY still holds the placeholder" in start(tmp_path, **example()).stderr
    demo = start(tmp_path, **example() | {"MENTORMATCH_DEMO": "1"})
    assert "SECRET_KEY still holds the placeholder" in demo.stderr


def test_demo_secrets_are_made_once_for_the_owner_alone(tmp_path):
    path = tmp_path / "var" / "secrets.env"
    made = environment.load_demo_secrets(path)
    assert set(made) == set(environment.DEMO_SECRETS)
    assert min(map(len, made.values())) >= 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert environment.load_demo_secrets(path) == made


def test_a_demo_secret_that_is_missing_is_added(tmp_path):
    path = tmp_path / "secrets.env"
    path.write_text("SECRET_KEY=kept\n")
    assert environment.load_demo_secrets(path)["SECRET_KEY"] == "kept"
    assert set(environment.load_demo_secrets(path)) == set(environment.DEMO_SECRETS)


@pytest.mark.parametrize("folder", ["/srv/site/mail", "/srv/my site+1/mail"])
def test_mail_files_are_kept_where_the_address_says(monkeypatch, folder):
    monkeypatch.delenv("EMAIL_URL", raising=False)
    config = environment.mail_config(Environment(), default=f"filemail://{quote(folder)}")
    assert config["EMAIL_FILE_PATH"] == folder


def test_mail_files_are_kept_in_var():
    assert Path(settings.EMAIL_FILE_PATH) == settings.VAR_DIR / "mail"


def test_what_is_given_empty_has_its_default(monkeypatch):
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("HOST", " ")
    env = Environment()
    assert env.number("PORT", default=8000, least=1, most=65535) == 8000
    assert env("HOST", default="127.0.0.1") == "127.0.0.1"


def test_a_number_may_be_at_its_bounds(monkeypatch):
    monkeypatch.setenv("PERCENT", "100")
    assert Environment().number("PERCENT", default=10, least=0, most=100) == 100
    monkeypatch.setenv("PERCENT", "-1")
    with pytest.raises(ImproperlyConfigured, match="from 0 to 100"):
        Environment().number("PERCENT", default=10, least=0, most=100)


@pytest.mark.parametrize(
    ("url", "stem"),
    [
        ("sqlite:////srv/var/mentormatch.sqlite3", "mentormatch"),
        ("postgres://user:password@host:5432/mentors", "mentors"),
        ("postgres://host/", "mentormatch"),
        ("sqlite:///my%20file", "my-20file"),
    ],
)
def test_what_is_kept_beside_a_database_is_named_after_it(url, stem):
    assert environment.stem_of(url) == stem
