"""What a key of Stripe brings with it: endpoints, what live needs, and what stands aside then."""

import os
import subprocess
import sys
from io import StringIO

import pytest
import stripe
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from djstripe.models import APIKey, WebhookEndpoint

from mentormatch.errors import StripeError
from payments import handlers, mirror, wiring
from payments.services import keys
from payments.stripe_emulator import testing
from payments.stripe_emulator.models import StripeObject
from payments.stripe_service import StripeService
from tests.test_environment import PRODUCTION

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
URL = f"{settings.SITE_URL}/api/v1/payments/webhook"
ANOTHER_KEY = "sk_test_another0123456789abcdef0123"


def run(command):
    out = StringIO()
    try:
        call_command(command, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def endpoints():
    return {row.body["metadata"]["mentormatch"]: row.body for row in at_stripe()}


def at_stripe():
    return StripeObject.objects.filter(type="webhook_endpoint").order_by("seq")


def test_both_endpoints_are_made_with_all_that_is_worked_on(settings):
    settings.STRIPE_WEBHOOK_SECRET = ""
    assert run("setup_webhooks")[0] == 0
    made = endpoints()
    assert {body["url"] for body in made.values()} == {URL}
    asked_for = [kind for body in made.values() for kind in body["enabled_events"]]
    assert sorted(asked_for) == sorted(handlers.HANDLERS)
    assert "account.updated" in made["connect"]["enabled_events"]
    assert all(
        kind.startswith(("account.", "payout.")) for kind in made["connect"]["enabled_events"]
    )
    assert made["platform"]["api_version"] == "2026-05-27.dahlia"
    rows = {row.id: row for row in WebhookEndpoint.objects.all()}
    assert rows[made["connect"]["id"]].secret == settings.STRIPE_CONNECT_WEBHOOK_SECRET
    assert rows[made["platform"]["id"]].secret == settings.STRIPE_EMULATOR["webhook_secret"]
    assert rows[made["platform"]["id"]].enabled_events == made["platform"]["enabled_events"]


def test_a_new_secret_is_told_once(settings):
    secret = settings.STRIPE_EMULATOR["webhook_secret"]
    settings.STRIPE_WEBHOOK_SECRET = ""
    assert f"STRIPE_WEBHOOK_SECRET={secret}" in run("setup_webhooks")[1]
    assert secret not in run("setup_webhooks")[1]


def test_to_repeat_changes_nothing():
    run("setup_webhooks")
    before = list(at_stripe().values())
    rows = list(WebhookEndpoint.objects.values("id", "secret", "url").order_by("id"))
    said = run("setup_webhooks")[1]
    assert said.count("as it should be") == 2
    assert list(at_stripe().values()) == before
    assert list(WebhookEndpoint.objects.values("id", "secret", "url").order_by("id")) == rows


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://old.example/hook"},
        {"enabled_events": ["charge.refunded"]},
        {"status": "disabled"},
    ],
)
def test_an_endpoint_that_went_wrong_is_set_right(change):
    run("setup_webhooks")
    row = at_stripe().first()
    good = row.body
    StripeObject.objects.filter(pk=row.pk).update(body=good | change)
    assert run("check_stripe")[0] == 1
    assert "changed" in run("setup_webhooks")[1]
    assert at_stripe().get(pk=row.pk).body == good
    assert at_stripe().count() == 2


def test_endpoints_that_were_made_by_hand_are_taken_over():
    ours = {"http_client": stripe.default_http_client}
    client = stripe.StripeClient(settings.STRIPE_SECRET_KEY, **ours)
    for kind in ("checkout.session.completed", "account.updated"):
        client.v1.webhook_endpoints.create({"url": URL, "enabled_events": [kind]})
    other = client.v1.webhook_endpoints.create(
        {"url": "https://another.example/", "enabled_events": ["account.updated"]}
    )
    run("setup_webhooks")
    assert at_stripe().count() == 3
    assert set(keys.events_for("connect")) in [
        set(row.body["enabled_events"]) for row in at_stripe()
    ]
    assert at_stripe().get(stripe_id=other.id).body["enabled_events"] == ["account.updated"]


def test_stripe_is_not_sent_where_it_can_not_come(settings):
    settings.STRIPE_EMULATED = False
    with pytest.raises(CommandError, match="Stripe CLI"):
        call_command("setup_webhooks")
    assert not at_stripe().exists()


def test_an_outage_is_said():
    with testing.outage("connection"), pytest.raises(CommandError, match="didn't make them"):
        call_command("setup_webhooks")


# --- What live needs ---------------------------------------------------------------------


def to_do(**changes):
    """What is left to do, by what it is about."""
    return {line.what: line for line in keys.check() if not line.is_good}


@pytest.fixture
def as_if_live(settings):
    """Our own settings as with a live key; the stand-in plays Stripe."""
    run("setup_webhooks")
    settings.STRIPE_EMULATED = False
    settings.STRIPE_LIVE_MODE = True
    settings.STRIPE_PUBLISHABLE_KEY = "pk_live_0123456789"


def test_nothing_is_left_to_do_where_all_is_good(as_if_live):
    code, said = run("check_stripe")
    assert (code, [line for line in said.splitlines() if "good" not in line]) == (0, [])
    for what in (
        "mode: live",
        "key: Stripe knows it",
        "account: can charge and be paid out",
        "capability card_payments: active",
        "capability transfers: active",
        "payout schedule: manual",
        "Connect: active",
        "settlement in EUR: yes",
        "settlement in USD: yes",
        "billing portal: a subscription's card can be changed there",
        "events of platform: we_",
        "events of connect: we_",
        "STRIPE_WEBHOOK_SECRET: is set",
        "STRIPE_CONNECT_WEBHOOK_SECRET: is set",
    ):
        assert f"good   {what}" in said
    assert "to do" not in said


def test_the_stand_in_is_called_by_its_name():
    code, said = run("check_stripe")
    assert code == 1
    assert "to do  mode: the built-in stand-in answers" in said
    assert "-> run manage.py setup_webhooks" in said


def test_each_thing_that_is_missing_is_told(as_if_live, settings, monkeypatch):
    settings.STRIPE_PUBLISHABLE_KEY = "pk_test_0123456789"
    settings.STRIPE_WEBHOOK_SECRET = ""
    settings.STRIPE_CONNECT_WEBHOOK_SECRET = "sk_live_in_the_wrong_place"
    settings.SETTLEMENT_CURRENCIES = ["eur", "chf"]
    at_stripe().filter(body__metadata__mentormatch="connect").delete()
    own = StripeService().own_account()
    own |= {
        "charges_enabled": False,
        "capabilities": {"card_payments": "pending"},
        "requirements": {"currently_due": ["external_account"]},
        "settings": {"payouts": {"schedule": {"interval": "daily"}}},
    }
    monkeypatch.setattr(StripeService, "own_account", lambda self: own)
    left = to_do()
    assert set(left) == {
        "publishable key",
        "STRIPE_WEBHOOK_SECRET",
        "STRIPE_CONNECT_WEBHOOK_SECRET",
        "settlement in CHF",
        "events of connect",
        "account",
        "capability card_payments",
        "capability transfers",
        "payout schedule",
    }
    assert "external_account" in left["account"].words
    assert all(line.to_do for line in left.values())


@pytest.mark.parametrize(
    ("saved", "words"),
    [({"active": False}, "was never set up"), ({"card": False}, "no card can be changed")],
)
def test_a_portal_that_mends_no_card_is_told(as_if_live, saved, words):
    testing.save_portal()  # others than those that a session has
    assert not to_do()
    testing.save_portal(is_default=True, **saved)
    left = to_do()
    assert list(left) == ["billing portal"]
    assert words in left["billing portal"].words


def test_another_version_of_the_api_is_told(as_if_live):
    row = at_stripe().first()
    StripeObject.objects.filter(pk=row.pk).update(body=row.body | {"api_version": None})
    assert "delete we_" in to_do()["events of platform"].to_do


def test_a_key_that_stripe_does_not_know_is_told(settings):
    settings.STRIPE_SECRET_KEY = ANOTHER_KEY
    code, said = run("check_stripe")
    assert code == 1
    assert "-> put a key of this account into STRIPE_SECRET_KEY" in said
    assert ANOTHER_KEY not in said


def test_an_outage_in_between_stops_none_of_the_others(as_if_live, monkeypatch):
    def away(self):
        with testing.outage("connection"):
            return StripeService().own_account()

    monkeypatch.setattr(StripeService, "balance_currencies", away)
    assert set(to_do()) == {"settlement"}


# --- A real key --------------------------------------------------------------------------


def test_a_rotated_key_takes_effect(settings):
    """The old one is refused from then on, dj-stripe's copy of it included."""
    event = {"id": "evt_1", "object": "event", "type": "account.updated", "livemode": False}
    event |= {"api_version": "2026-05-27.dahlia", "created": 1, "request": None}
    event |= {"data": {"object": StripeService().own_account()}, "pending_webhooks": 0}
    mirror.sync_event(event)
    assert [row.secret for row in APIKey.objects.all()] == [settings.STRIPE_SECRET_KEY]
    settings.STRIPE_EMULATOR = settings.STRIPE_EMULATOR | {"secret_key": ANOTHER_KEY}
    with pytest.raises(StripeError):
        StripeService().own_account()
    settings.STRIPE_SECRET_KEY = settings.STRIPE_TEST_SECRET_KEY = ANOTHER_KEY
    new = StripeService().own_account()
    mirror.sync_event(event | {"id": "evt_2", "data": {"object": new}})
    assert [row.secret for row in APIKey.objects.all()] == [ANOTHER_KEY]


def test_the_emulator_does_not_start_beside_a_real_key(settings):
    settings.STRIPE_KEY_IS_GIVEN = True
    before = stripe.default_http_client
    with pytest.raises(ImproperlyConfigured, match="can't stand beside a Stripe key"):
        wiring.install()
    assert stripe.default_http_client is before


def test_with_a_real_key_the_emulator_is_not_mounted(tmp_path):
    """Its addresses aren't there, nothing of it runs, and calls leave over HTTPS."""
    code = (
        "import django; django.setup(); import stripe\n"
        "from django.urls import Resolver404, resolve\n"
        "from mentormatch.background.registry import PERIODICS\n"
        "assert type(stripe.default_http_client).__name__ == 'RequestsClient'\n"
        "assert not [name for name in PERIODICS if 'emulator' in name]\n"
        "try: resolve('/_stripe/v1/account')\n"
        "except Resolver404: print('not there')"
    )
    given = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)} | PRODUCTION
    given |= {"DJANGO_SETTINGS_MODULE": "mentormatch.settings"}
    for demo in ("", "1"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=settings.BASE_DIR,
            env=given | {"MENTORMATCH_DEMO": demo},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout, done.stderr) == ("not there\n", "")
