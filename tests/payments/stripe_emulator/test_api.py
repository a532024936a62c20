"""What holds for every endpoint: keys, errors, accounts, idempotency, expansion, pages, outages."""

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe
from django.conf import settings
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from payments.stripe_emulator import config, sweep, testing
from payments.stripe_emulator.http_client import EmulatorHTTPClient
from payments.stripe_emulator.models import IdempotencyKey, StripeObject
from payments.stripe_emulator.router import ALIAS
from payments.stripe_emulator.routes import ROUTES
from tests.conftest import Freeze
from tests.payments.stripe_emulator.samples import Samples
from tests.payments.stripe_emulator.world import World

CUSTOMER = {"email": "mia@example.com"}


def create_customer(world: World, key: str, **params: str) -> stripe.Customer:
    return world.stripe.v1.customers.create(CUSTOMER | params, {"idempotency_key": key})


def test_same_key_gives_the_first_answer(world: World) -> None:
    first, second = create_customer(world, "k1"), create_customer(world, "k1")
    assert first.id == second.id
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(world.stripe.v1.customers.list().data) == 1
    assert create_customer(world, "k2").id != first.id


def test_same_key_with_other_parameters_is_an_error(world: World) -> None:
    create_customer(world, "k1")
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        create_customer(world, "k1", name="Mia")


@pytest.mark.asks_wrongly
def test_refusal_is_remembered_but_a_misspelling_is_not(world: World) -> None:
    charge = world.paid()
    with pytest.raises(stripe.InvalidRequestError):
        world.stripe.v1.refunds.create(
            {"charge": charge.id, "amount": 6001}, {"idempotency_key": "r"}
        )
    assert IdempotencyKey.objects.get(key="r").status == 400
    with pytest.raises(stripe.InvalidRequestError):
        world.stripe.v1.refunds.create({"chagre": charge.id}, {"idempotency_key": "s"})
    assert world.stripe.v1.refunds.create({"charge": charge.id}, {"idempotency_key": "s"}).id


def test_keys_lapse_after_a_day(world: World, freeze: Freeze) -> None:
    clock = freeze()
    first = create_customer(world, "k1")
    clock.shift(dt.timedelta(hours=24))
    assert create_customer(world, "k1").id != first.id
    clock.shift(dt.timedelta(hours=25))
    assert sweep.forget_idempotency_keys() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("POST /v1/accounts", "account"),
        ("POST /v1/checkout/sessions", "checkout.session"),
        ("POST /v1/payment_intents/{id}/confirm", "charge"),
        ("POST /v1/refunds", "refund"),
        ("POST /v1/transfers", "transfer"),
        ("POST /v1/transfers/{transfer}/reversals", "transfer_reversal"),
    ],
)
def test_same_key_at_once_is_carried_out_once(world: World, name: str, kind: str) -> None:
    samples = Samples(world)
    (route,) = (each for each in ROUTES if str(each) == name)
    samples.ready(route)
    rows = StripeObject.objects.filter(type=kind, account=config.platform_id())
    rows = StripeObject.objects.filter(type=kind) if kind == "account" else rows
    before = rows.count()

    def attempt(_: int) -> str:
        try:
            return str(samples.ask(route, idempotency_key="k")["id"])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(attempt, range(4)))) == 1
    assert rows.count() == before + 1


@pytest.mark.asks_wrongly
@pytest.mark.parametrize(
    ("params", "param", "code"),
    [
        ({"emial": "a@example.com"}, "emial", "parameter_unknown"),
        ({"address": {"town": "Berlin"}}, "address[town]", "parameter_unknown"),
        ({"email": "nobody"}, "email", "email_invalid"),
        ({"metadata": {"k" * 41: "v"}}, "metadata[" + "k" * 40 + "]", None),
    ],
)
def test_parameters_are_checked_by_name_and_value(
    world: World, params: dict[str, object], param: str, code: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.stripe.v1.customers.create(params)
    assert (refused.value.param, refused.value.code) == (param, code)
    assert refused.value.http_status == 400


@pytest.mark.asks_wrongly
@pytest.mark.parametrize("amount", ["10.5", "ten", "--5", "", "٣", "9" * 16])
def test_amounts_are_whole_numbers(world: World, amount: str) -> None:
    charge = world.paid()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.stripe.v1.refunds.create({"charge": charge.id, "amount": amount})
    assert refused.value.param == "amount"


@pytest.mark.asks_wrongly
def test_missing_parameters_are_named(world: World) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.stripe.v1.transfers.create({"amount": 1, "currency": "eur"})
    assert (refused.value.code, refused.value.param) == ("parameter_missing", "destination")


@pytest.mark.asks_wrongly
def test_unknown_objects_and_addresses(world: World) -> None:
    with pytest.raises(stripe.InvalidRequestError) as missing:
        world.stripe.v1.charges.retrieve("ch_none")
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL") as unknown:
        world.stripe.v1.coupons.list()
    assert unknown.value.http_status == 404


def test_only_our_key_and_our_version(http_client: EmulatorHTTPClient, db: None) -> None:
    stranger = stripe.StripeClient("sk_test_" + "x" * 32, http_client=http_client)
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key provided: sk_test_"):
        stranger.v1.accounts.retrieve_current()
    old = stripe.StripeClient(
        settings.STRIPE_EMULATOR["secret_key"],
        http_client=http_client,
        stripe_version="2022-11-15",
    )
    with pytest.raises(stripe.InvalidRequestError, match="speaks API version"):
        old.v1.accounts.retrieve_current()


def test_what_is_one_accounts_is_not_anothers(world: World) -> None:
    account, charge = world.account(), world.paid()
    theirs = {"stripe_account": account.id}
    for attempt in (
        lambda: world.stripe.v1.charges.retrieve(charge.id, options=theirs),
        lambda: world.stripe.v1.refunds.create({"charge": charge.id}, theirs),
        lambda: world.stripe.v1.payment_intents.retrieve(charge.payment_intent, options=theirs),
    ):
        with pytest.raises(stripe.InvalidRequestError) as missing:
            attempt()
        assert missing.value.code == "resource_missing"
    assert world.stripe.v1.charges.list(options=theirs).data == []
    with pytest.raises(stripe.PermissionError):
        world.stripe.v1.charges.list(options={"stripe_account": "acct_unknown"})
    platform = {"stripe_account": world.stripe.v1.accounts.retrieve_current().id}
    assert world.stripe.v1.charges.retrieve(charge.id, options=platform).id == charge.id


def test_lists_come_page_by_page(world: World) -> None:
    made = [create_customer(world, f"k{n}").id for n in range(5)]
    customers = world.stripe.v1.customers
    first = customers.list({"limit": 2})
    assert ([each.id for each in first.data], first.has_more) == (made[:2:-1], True)
    walked = [each.id for each in first.auto_paging_iter()]
    assert walked == made[::-1]
    before = customers.list({"limit": 2, "ending_before": made[1]})
    assert [each.id for each in before.data] == [made[3], made[2]]
    with pytest.raises(stripe.InvalidRequestError):
        customers.list({"limit": 101})
    with pytest.raises(stripe.InvalidRequestError):
        customers.list({"starting_after": "cus_none"})
    assert len(customers.list({"created": {"gte": int(time.time()) - 60}}).data) == 5


@pytest.mark.parametrize("path", ["amount", "nothing", "payment_intent.nothing", "a.b.c.d.e"])
def test_what_cannot_be_expanded(world: World, path: str) -> None:
    charge = world.paid()
    with pytest.raises(stripe.InvalidRequestError, match="expand"):
        world.stripe.v1.charges.retrieve(charge.id, {"expand": [path]})


def test_expansion_reaches_across_a_transfer(world: World) -> None:
    account = world.account()
    transfer = world.transferred(world.paid(), 100, account.id)
    read = world.stripe.v1.transfers.retrieve(
        transfer.id,
        {
            "expand": [
                "destination",
                "destination_payment.balance_transaction",
                "source_transaction.refunds",
            ]
        },
    )
    assert read.destination.id == account.id
    assert read.destination_payment.balance_transaction.amount == 100
    assert read.source_transaction.refunds.data == []


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("connection", stripe.APIConnectionError),
        ("timeout", stripe.APIConnectionError),
        ("500", stripe.APIError),
        ("429", stripe.RateLimitError),
    ],
)
def test_outage_reaches_the_sdk_and_changes_nothing(
    world: World, mode: str, error: type[Exception]
) -> None:
    with testing.outage(mode), pytest.raises(error):
        create_customer(world, "k1")
    assert world.stripe.v1.customers.list().data == []
    if mode == "500":  # Stripe remembers even this under the key
        with pytest.raises(stripe.APIError):
            create_customer(world, "k1")
    else:
        assert create_customer(world, "k1").id


def test_lost_answer_is_found_again_under_its_key(world: World) -> None:
    with testing.outage("answer_lost"), pytest.raises(stripe.APIConnectionError):
        create_customer(world, "k1")
    (made,) = world.stripe.v1.customers.list().data
    assert create_customer(world, "k1").id == made.id


def test_slow_stripe_answers_late(world: World) -> None:
    with testing.outage("slow", seconds=0.05):
        started = time.monotonic()
        world.stripe.v1.customers.list()
    assert time.monotonic() - started >= 0.05


def test_reading_writes_nothing(world: World) -> None:
    account, charge = world.account(), world.paid()
    transfer = world.transferred(charge, 100, account.id)
    v1 = world.stripe.v1
    with CaptureQueriesContext(connections[ALIAS]) as queries:
        v1.accounts.retrieve_current()
        v1.accounts.retrieve(account.id)
        v1.balance.retrieve()
        v1.balance_transactions.list()
        v1.charges.retrieve(charge.id, {"expand": ["balance_transaction"]})
        v1.checkout.sessions.list({"payment_intent": charge.payment_intent})
        v1.events.list({"type": "charge.*"})
        v1.payment_intents.retrieve(charge.payment_intent, {"expand": ["payment_method"]})
        v1.transfers.retrieve(transfer.id)
    assert queries.captured_queries
    assert {query["sql"].split()[0] for query in queries.captured_queries} == {"SELECT"}


def test_events_can_be_read_back(world: World) -> None:
    charge = world.paid()
    newest, *_ = world.stripe.v1.events.list({"types": ["charge.succeeded"]}).data
    assert newest.data["object"]["id"] == charge.id
    assert world.stripe.v1.events.retrieve(newest.id).type == "charge.succeeded"


def test_same_answers_over_http(world: World) -> None:
    charge = world.paid()
    key = {"Authorization": f"Bearer {settings.STRIPE_EMULATOR['secret_key']}"}
    answer = Client().get(f"/_stripe/v1/charges/{charge.id}?expand[]=customer", headers=key)
    assert (answer.status_code, answer.json()["id"]) == (200, charge.id)
    form = "application/x-www-form-urlencoded"
    answer = Client(enforce_csrf_checks=True).post(
        "/_stripe/v1/refunds", f"charge={charge.id}", content_type=form, headers=key
    )
    assert answer.json()["amount"] == 6000
    answer = Client().get("/_stripe/v1/charges")
    assert (answer.status_code, answer.json()["error"]["type"]) == (401, "invalid_request_error")
