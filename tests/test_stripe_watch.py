"""The watch over Stripe bites: each of these tests does what nobody else would notice.

They must fail, and for this reason; without the watch they would pass, which is a failure here.
"""

import pytest
import stripe
from django.conf import settings
from django.test import Client

from payments.stripe_emulator import context, events, ledger, outage
from payments.stripe_emulator.models import StripeObject
from payments.stripe_emulator.resources import customers
from payments.stripe_service import StripeService
from tests.stripe_watch import WATCH, Broken

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
bites = pytest.mark.xfail(strict=True, raises=Broken)


def client() -> stripe.StripeClient:
    """The SDK as our gateway uses it: on the transport of the whole process."""
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY, http_client=stripe.default_http_client, max_network_retries=0
    )


@bites
@pytest.mark.parametrize("params", [{"emial": "m@example.com"}, {"metadata": "none"}])
def test_a_request_that_stripe_would_refuse_fails_its_test(params):
    with pytest.raises(stripe.InvalidRequestError):
        client().v1.customers.create(params)


@bites
def test_a_request_fails_its_test_even_if_nobody_answers():
    with outage.outage(), pytest.raises(stripe.APIConnectionError):
        client().v1.customers.create({"emial": "m@example.com"})


@bites
@pytest.mark.asks_wrongly
def test_what_is_accepted_must_be_right_even_where_wrong_requests_are_meant(monkeypatch):
    monkeypatch.setitem(customers.CREATE, "nickname", lambda value, name: value)
    client().v1.customers.create({"nickname": "Mia"})


@bites
@pytest.mark.parametrize(
    "changes",
    [{"created": "yesterday"}, {"livemode": None}, {"nickname": "Mia"}, {"object": "customers"}],
)
def test_an_answer_of_another_shape_fails_its_test(changes):
    made = client().v1.customers.create({"email": "m@example.com"})
    row = StripeObject.objects.get(stripe_id=made.id)
    StripeObject.objects.filter(pk=row.pk).update(body=row.body | changes)
    client().v1.customers.retrieve(made.id)


@bites
def test_an_answer_over_http_is_held_too():
    made = client().v1.customers.create({"email": "m@example.com"})
    row = StripeObject.objects.get(stripe_id=made.id)
    StripeObject.objects.filter(pk=row.pk).update(body=row.body | {"created": None})
    key = {"Authorization": f"Bearer {settings.STRIPE_SECRET_KEY}"}
    Client().get(f"/_stripe/v1/customers/{made.id}", headers=key)


@bites
@pytest.mark.parametrize("missing", ["id", "livemode", "created"])
def test_an_event_whose_object_is_broken_fails_its_test(missing):
    made = client().v1.customers.create({"email": "m@example.com"})
    body = dict(StripeObject.objects.get(stripe_id=made.id).body)
    del body[missing]
    events.emit(context.for_platform(), "customer.updated", body)


@bites
def test_books_that_do_not_add_up_fail_the_test():
    ctx = context.for_platform()
    lines = [("fees", "eur", 1), (ledger.balance_of(ctx.account), "eur", -1)]
    ledger.move(ctx, "theft", "ch_1", lines, ctx.now)
    client().v1.customers.create({"email": "m@example.com"})


def test_what_a_server_of_ours_found_reaches_the_test(tmp_path, monkeypatch):
    file = tmp_path / "stripe-problems"
    monkeypatch.setattr("tests.stripe_watch.problems_file", lambda: file)
    file.write_text("The event customer.created\n  customer.id is missing\n")
    (found,) = WATCH.taken()
    assert "customer.id is missing" in found
    assert WATCH.taken() == []


def test_what_is_right_is_left_alone():
    StripeService().get_account(client().v1.accounts.retrieve_current().id)
    client().v1.customers.create({"email": "m@example.com", "metadata": {"a": "1"}})
    assert WATCH.found == []
