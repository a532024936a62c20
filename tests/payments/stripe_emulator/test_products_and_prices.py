"""Products and prices that are made ahead, and what is sold with them."""

from typing import Any

import pytest
import stripe

from payments.stripe_emulator import testing
from tests.payments.stripe_emulator.world import World


def price(world: World, product: str, amount: int = 6000, **params: Any) -> stripe.Price:
    """A price of that product."""
    return world.stripe.v1.prices.create(
        {"currency": "eur", "product": product, "unit_amount": amount, **params}
    )


def test_a_product_changes_and_is_found(world: World) -> None:
    v1 = world.stripe.v1
    product = v1.products.create({"id": "plan_ada", "name": "Plan", "metadata": {"plan": "p1"}})
    assert (product.id, product.active) == ("plan_ada", True)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v1.products.create({"id": "plan_ada", "name": "Again"})
    assert refused.value.code == "resource_already_exists"
    first = price(world, product.id)
    changed = v1.products.update(
        product.id, {"name": "Plan A", "active": False, "default_price": first.id}
    )
    assert (changed.name, changed.active, changed.default_price) == ("Plan A", False, first.id)
    assert changed.metadata.to_dict() == {"plan": "p1"}
    assert v1.products.retrieve(product.id) == changed
    other = v1.products.create({"name": "Other"})
    assert [each.id for each in v1.products.list({"active": True}).data] == [other.id]
    assert [each.id for each in v1.products.list({"ids": [product.id]}).data] == [product.id]
    with pytest.raises(stripe.InvalidRequestError, match="another product"):
        v1.products.update(other.id, {"default_price": first.id})
    assert testing.event_types() == [
        "product.created",
        "price.created",
        "product.updated",
        "product.created",
    ]


def test_a_price_is_made_for_good(world: World) -> None:
    v1 = world.stripe.v1
    product = v1.products.create({"name": "Plan"})
    monthly = price(
        world, product.id, recurring={"interval": "month", "interval_count": 3}, lookup_key="q"
    )
    once = price(world, product.id)
    assert (monthly.type, once.type) == ("recurring", "one_time")
    assert (monthly.recurring.interval, monthly.recurring.interval_count) == ("month", 3)
    changed = v1.prices.update(monthly.id, {"active": False, "nickname": "a quarter"})
    assert (changed.active, changed.nickname, changed.unit_amount) == (False, "a quarter", 6000)
    found = v1.prices.list({"product": product.id, "type": "recurring"}).data
    assert [each.id for each in found] == [monthly.id]
    assert [each.id for each in v1.prices.list({"lookup_keys": ["q"]}).data] == [monthly.id]
    with pytest.raises(stripe.InvalidRequestError, match="lookup key"):
        price(world, product.id, lookup_key="q")
    with pytest.raises(stripe.InvalidRequestError, match="3 years"):
        price(world, product.id, recurring={"interval": "month", "interval_count": 37})


def test_a_price_that_was_made_ahead_is_subscribed_to(world: World) -> None:
    product = world.stripe.v1.products.create({"name": "Plan"})
    yearly = price(world, product.id, 60_000, recurring={"interval": "year"})
    subscription = world.subscription(line_items=[{"price": yearly.id, "quantity": 1}])
    (item,) = world.stripe.v1.subscription_items.list({"subscription": subscription.id}).data
    assert world.stripe.v1.subscription_items.retrieve(item.id) == item
    assert (item.price.id, item.price.product) == (yearly.id, product.id)
    found = world.stripe.v1.subscriptions.list({"price": yearly.id}).data
    assert [each.id for each in found] == [subscription.id]
    (line,) = world.stripe.v1.invoices.line_items.list(str(subscription.latest_invoice)).data
    assert (line.amount, line.pricing.price_details.price) == (60_000, yearly.id)


def test_a_price_needs_one_product(world: World) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="product"):
        world.stripe.v1.prices.create({"currency": "eur", "unit_amount": 100})
    made = world.stripe.v1.prices.create(
        {"currency": "eur", "unit_amount": 100, "product_data": {"name": "Plan"}}
    )
    assert world.stripe.v1.products.retrieve(str(made.product)).active


def test_a_product_has_no_features(world: World) -> None:
    v1 = world.stripe.v1
    product = v1.products.create({"name": "Plan"})
    assert v1.products.features.list(product.id).data == []
    with pytest.raises(stripe.InvalidRequestError):
        v1.products.features.list("prod_unknown")
