"""Every list comes page by page, in one order, forwards and backwards."""

from collections.abc import Callable

import pytest
import stripe

from payments.stripe_emulator import testing
from payments.stripe_emulator.routes import ROUTES, Route
from tests.payments.stripe_emulator.samples import ENDPOINT, LINE, MONTHLY, Samples
from tests.payments.stripe_emulator.world import World

LISTS = [route for route in ROUTES if "starting_after" in route.spec]
each_list = pytest.mark.parametrize("route", LISTS, ids=str)
MADE = 5


class Filled(Samples):
    """Samples whose session and subscription have several lines."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.session = world.session(line_items=[LINE] * MADE)
        self.subscription = world.subscription(line_items=[MONTHLY] * MADE)

    def add(self, route: Route) -> None:
        """One more entry for that list."""
        adding: dict[str, Callable[[], object]] = {
            "accounts": lambda: self.world.account(onboarded=False),
            "balance_transactions": self.world.paid,
            "charges": self.world.paid,
            "sessions": self.world.session,
            "line_items": lambda: None,
            "lines": lambda: None,
            "subscription_items": lambda: None,
            "subscriptions": self.world.subscription,
            "invoices": self.world.subscription,
            "invoice_payments": self.world.subscription,
            "prices": self.world.session,
            "configurations": testing.save_portal,
            "products": lambda: self.v1.products.create({"name": "A month"}),
            "customers": lambda: self.v1.customers.create({"name": "Mia"}),
            "disputes": lambda: testing.open_dispute(self.world.paid().id),
            "events": lambda: self.v1.customers.create({"name": "Mia"}),
            "payment_intents": self._intent,
            "payment_methods": lambda: self.v1.payment_methods.attach(
                "pm_card_visa", {"customer": self.customer.id}
            ),
            "payouts": lambda: (
                self.funds and self.v1.payouts.create({"amount": 10, "currency": "eur"})
            ),
            "refunds": lambda: self.v1.refunds.create({"charge": self.charge.id, "amount": 10}),
            "transfers": lambda: self.world.transferred(self.charge, 10, self.account.id),
            "webhook_endpoints": lambda: self.v1.webhook_endpoints.create(ENDPOINT),
            "reversals": lambda: self.v1.transfers.reversals.create(
                self.transfer.id, {"amount": 10}
            ),
        }
        adding[route.path.rpartition("/")[2]]()


@pytest.fixture
def filled(world: World, route: Route) -> Filled:
    samples = Filled(world)
    samples.ready(route)
    for _ in range(MADE):
        samples.add(route)
    return samples


def ids(page: dict[str, list[dict[str, str]]]) -> list[str]:
    return [entry["id"] for entry in page["data"]]


@each_list
def test_a_list_is_walked_forwards_and_backwards(filled: Filled, route: Route) -> None:
    whole = filled.ask(route, {"limit": 100})
    everyone = ids(whole)
    assert len(set(everyone)) == len(everyone) >= MADE
    assert whole["has_more"] is False
    created = [entry.get("created", 0) for entry in whole["data"]]
    assert created == sorted(created, reverse=True)
    forwards = filled.ask(route, {"limit": 2})
    seen = ids(forwards)
    while forwards["has_more"]:
        forwards = filled.ask(route, {"limit": 2, "starting_after": seen[-1]})
        seen += ids(forwards)
    assert seen == everyone
    seen = everyone[-1:]
    has_more = True
    while has_more:
        backwards = filled.ask(route, {"limit": 2, "ending_before": seen[0]})
        seen = ids(backwards) + seen
        has_more = backwards["has_more"]
    assert seen == everyone
    assert ids(filled.ask(route)) == everyone[:10]


@each_list
def test_the_sdk_turns_its_pages(filled: Filled, route: Route, world: World) -> None:
    everyone = ids(filled.ask(route, {"limit": 100}))
    params = filled.params(route) | {"limit": 2}
    answer = world.stripe.raw_request("get", filled.path(route), **params)
    page = world.stripe.deserialize(answer, params=params, api_mode="V1")
    assert [entry.id for entry in page.auto_paging_iter()] == everyone
    params |= {"ending_before": everyone[-1]}
    answer = world.stripe.raw_request("get", filled.path(route), **params)
    page = world.stripe.deserialize(answer, params=params, api_mode="V1")
    assert [entry.id for entry in page.auto_paging_iter()] == everyone[-2::-1]


@each_list
def test_new_entries_move_nothing_below_the_cursor(filled: Filled, route: Route) -> None:
    first = ids(filled.ask(route, {"limit": 2}))
    after = ids(filled.ask(route, {"limit": 2, "starting_after": first[-1]}))
    filled.add(route)
    assert ids(filled.ask(route, {"limit": 2, "starting_after": first[-1]})) == after


@each_list
def test_cursors_and_limits_that_cannot_be(filled: Filled, route: Route) -> None:
    edge = ids(filled.ask(route))[0]
    for params in (
        {"limit": 0},
        {"limit": 101},
        {"starting_after": edge, "ending_before": edge},
    ):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            filled.ask(route, params)
        assert refused.value.http_status == 400, params
    for name in ("starting_after", "ending_before"):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            filled.ask(route, {name: "xx_none"})
        assert (refused.value.code, refused.value.param) == ("resource_missing", name)


def is_of_nothing(route: Route) -> bool:
    """Whether it lists all that an account has, and not what belongs to something."""
    return "{" not in route.path and "subscription_items" not in route.path


@pytest.mark.parametrize("route", [*filter(is_of_nothing, LISTS)], ids=str)
def test_a_list_has_nothing_of_another_account(filled: Filled, route: Route, world: World) -> None:
    stranger = world.account(onboarded=False)
    theirs = filled.ask(route, {"limit": 100}, stripe_account=stranger.id)
    assert theirs["data"] == []


@pytest.mark.parametrize("route", [each for each in LISTS if "created" in each.spec], ids=str)
def test_a_list_can_be_bounded_in_time(filled: Filled, route: Route) -> None:
    newest = filled.ask(route)["data"][0]["created"]
    assert filled.ask(route, {"created": {"gt": newest}})["data"] == []
    assert ids(filled.ask(route, {"created": {"lte": newest}})) == ids(filled.ask(route))
    assert filled.ask(route, {"created": newest, "limit": 1})["data"]


def test_what_an_object_keeps_of_a_list_leads_to_the_rest(world: World) -> None:
    charge, account = world.paid(), world.account()
    transfer = world.transferred(charge, 2000, account.id)
    for _ in range(12):
        world.stripe.v1.refunds.create({"charge": charge.id, "amount": 10})
        world.stripe.v1.transfers.reversals.create(transfer.id, {"amount": 10})
    session = world.session(line_items=[LINE] * 12)
    kept = (
        world.stripe.v1.charges.retrieve(charge.id, {"expand": ["refunds"]}).refunds,
        world.stripe.v1.transfers.retrieve(transfer.id).reversals,
        world.stripe.v1.checkout.sessions.retrieve(
            session.id, {"expand": ["line_items"]}
        ).line_items,
    )
    for page in kept:
        assert (len(page.data), page.has_more) == (10, True)
        assert len({entry.id for entry in page.auto_paging_iter()}) == 12
