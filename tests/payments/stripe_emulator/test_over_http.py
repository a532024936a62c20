"""`make test-stripe` works: shown on the emulator, served over real HTTP, in Stripe's place."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from django.conf import settings
from pytest_django.live_server_helper import LiveServer

from payments.stripe_emulator import testing
from payments.stripe_emulator.models import StripeObject
from tests.payments.stripe_emulator.world import World

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run() -> Run:
    """`run(STRIPE_SECRET_KEY=…)` is the runner in a process of its own."""
    mine = ("PYTEST_", "STRIPE_", "TEST_", "MENTORMATCH_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(mine)}

    def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "scripts/test_stripe.py", *arguments],
            cwd=settings.BASE_DIR,
            env=inherited | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("", "Set STRIPE_SECRET_KEY to a secret key of Stripe's test mode"),
        ("sk_test_short", "Set STRIPE_SECRET_KEY"),
        ("pk_test_" + "0" * 24, "Set STRIPE_SECRET_KEY"),
        ("sk_live_" + "0" * 24, "is a live key"),
        ("rk_live_" + "0" * 24, "is a live key"),
    ],
)
def test_it_says_in_one_line_what_it_needs(run: Run, key: str, sentence: str) -> None:
    done = run(STRIPE_SECRET_KEY=key)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert sentence in line


@pytest.mark.django_db(transaction=True)
def test_without_a_destination_it_shows_the_way_to_one(run: Run, live_server: LiveServer) -> None:
    address = {"STRIPE_API_BASE": f"{live_server.url}/_stripe"}
    done = run(STRIPE_SECRET_KEY="sk_test_" + "0" * 24, **address)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "Stripe can't be asked: Invalid API Key" in done.stderr
    done = run(STRIPE_SECRET_KEY=settings.STRIPE_SECRET_KEY, **address)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    page = StripeObject.objects.get(type="account_link").body["url"]
    assert f"onboard one at {page} and run again" in done.stderr


@pytest.mark.slow
@pytest.mark.asks_wrongly
@pytest.mark.django_db(transaction=True)
def test_the_scenarios_run_over_http(run: Run, world: World, live_server: LiveServer) -> None:
    destination = world.account()
    given = {
        "STRIPE_SECRET_KEY": settings.STRIPE_SECRET_KEY,
        "STRIPE_API_BASE": f"{live_server.url}/_stripe",
    }
    done = run(**given)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert not any(word in done.stdout for word in ("skipped", "xfailed", "deselected"))
    assert given["STRIPE_SECRET_KEY"] not in done.stdout + done.stderr
    transfers = StripeObject.objects.filter(type="transfer", body__destination=destination.id)
    assert transfers.exists(), "it was this emulator that was asked"
    assert testing.differences() == []
