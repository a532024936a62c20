"""What no client of ours would send is refused in Stripe's words, and nothing falls over it."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
import stripe
from django.conf import settings
from django.test import Client

from payments.stripe_emulator import api, testing
from tests.payments.stripe_emulator.world import World

KEY = f"Bearer {settings.STRIPE_EMULATOR['secret_key']}"


def ask(method: str, path: str, encoded: str = "", authorization: str = KEY) -> tuple[int, Any]:
    """The status and the error of one request, past the SDK, which would not send it."""
    answer = api.handle(method, f"/v1/{path}", encoded, {"Authorization": authorization})
    return answer.status, json.loads(answer.text).get("error")


@pytest.mark.parametrize(
    ("encoded", "param"),
    [
        ("expand[" + "9" * 5000 + "]=data", "expand"),
        ("expand[]=data&limit[0]=1", "limit"),
        ("[]=1", "[]"),
        ("a=1&a[b]=2", "a"),
    ],
)
def test_parameters_that_nobody_can_read(world: World, encoded: str, param: str) -> None:
    status, error = ask("GET", "customers", encoded)
    assert (status, error["param"]) == (400, param)


@pytest.mark.parametrize("address", ["http://[", "https://[::1", "http://", "javascript:alert(1)"])
def test_what_is_no_address_is_refused(world: World, address: str) -> None:
    status, error = ask(
        "POST", "account_links", f"account=acct_1&type=account_onboarding&refresh_url={address}"
    )
    assert (status, error["code"], error["param"]) == (400, "url_invalid", "refresh_url")


@pytest.mark.parametrize("key", ["", "Basic ÄÖÜ", "Basic ====", "Basic 5A=="])
def test_what_is_no_key_is_refused(world: World, key: str) -> None:
    assert ask("GET", "account", authorization=key)[0] == 401


@pytest.mark.parametrize("path", ["data", "data.object", "data.object.payment_intent"])
def test_what_an_event_tells_is_not_expanded(world: World, path: str) -> None:
    charge = world.paid()
    (event,) = world.stripe.v1.events.list({"type": "charge.succeeded"}).data
    assert event.data.object["id"] == charge.id
    status, error = ask("GET", f"events/{event.id}", f"expand[]={path}")
    assert (status, error["param"]) == (400, "expand")


def test_labels_are_no_object(world: World) -> None:
    named = world.stripe.v1.customers.create({"metadata": {"object": "charge", "id": "ch_1"}})
    status, error = ask("GET", f"customers/{named.id}", "expand[]=metadata.refunds")
    assert (status, error["param"]) == (400, "expand")


def test_who_may_ask_nothing_is_told_so_even_while_stripe_is_broken(world: World) -> None:
    account = world.account()
    testing.deauthorize_account(account.id)
    with testing.outage("500"), pytest.raises(stripe.PermissionError):
        world.stripe.v1.customers.create({}, {"stripe_account": account.id})


@pytest.mark.asks_wrongly
def test_what_stands_in_the_address_of_a_post_counts(world: World) -> None:
    def post(query: str, **sent: str) -> Any:
        address = f"/_stripe/v1/customers?{query}"
        return Client().post(
            address,
            urlencode(sent),
            content_type="application/x-www-form-urlencoded",
            headers={"Authorization": KEY},
        )

    made = post("email=mia@example.com", name="Mia").json()
    assert (made["email"], made["name"]) == ("mia@example.com", "Mia")
    refused = post("emial=mia@example.com", name="Mia")
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "emial")


@pytest.mark.parametrize(("mode", "status"), [("connection", 502), ("500", 500), ("429", 429)])
def test_an_outage_is_one_over_http_too(world: World, mode: Any, status: int) -> None:
    with testing.outage(mode):
        answer = Client().get("/_stripe/v1/account", headers={"Authorization": KEY})
    assert answer.status_code == status
