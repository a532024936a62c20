"""Whatever Stripe's description lets one expand is expanded; everything else is an error."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import stripe

from payments.stripe_emulator import testing
from tests.payments.stripe_emulator.description import PREFIX, described
from tests.payments.stripe_emulator.samples import Samples
from tests.payments.stripe_emulator.world import World

# Where one of each kind is read.
ADDRESSES = {
    "account": "accounts/{account.id}",
    "balance_transaction": "balance_transactions/{charge.balance_transaction}",
    "charge": "charges/{charge.id}",
    "checkout.session": "checkout/sessions/{session.id}",
    "customer": "customers/{customer.id}",
    "dispute": "disputes/{dispute.id}",
    "invoice": "invoices/{invoice}",
    "invoice_payment": "invoice_payments/{invoice_payment.id}",
    "payment_intent": "payment_intents/{authorised.id}",
    "payment_method": "payment_methods/{charge.payment_method}",
    "payout": "payouts/{payout.id}",
    "price": "prices/{price.id}",
    "product": "products/{price.product}",
    "refund": "refunds/{refund.id}",
    "subscription": "subscriptions/{subscription.id}",
    "subscription_item": "subscription_items/{item.id}",
    "transfer": "transfers/{transfer.id}",
    "transfer_reversal": "transfers/{transfer.id}/reversals/{reversal.id}",
}
KINDS = list(ADDRESSES)
Schema = Mapping[str, Any]


def resolved(schema: Schema) -> Schema:
    name = schema.get("$ref", "").removeprefix(PREFIX)
    return described().schemas[name] if name else schema


def is_object(schema: Schema) -> bool:
    return "object" in resolved(schema).get("properties", {})


def is_expandable(schema: Schema) -> bool:
    """An id that can become its object, or a list that is left out until it is asked for."""
    if schema.get("type") == "array":
        return is_expandable(schema["items"]) and not is_object(schema["items"])
    choices = schema.get("anyOf", [])
    is_reference = {"type": "string"}.items() <= {
        k: v for c in choices for k, v in c.items()
    }.items()
    return (is_reference and any("$ref" in choice for choice in choices)) or is_object(schema)


def expandable(schema: Schema, body: Any, path: str = "") -> Iterator[str]:
    """The paths of an object's expandable fields, as deep as the object goes by itself."""
    for choice in schema.get("anyOf", [schema]):
        for name, entry in resolved(choice).get("properties", {}).items():
            at = f"{path}.{name}".lstrip(".")
            if is_expandable(entry):
                yield at
            elif isinstance(body, dict) and isinstance(body.get(name), dict):
                yield from expandable(entry, body[name], at)


def read(samples: Samples, kind: str, *expand: str) -> Any:
    path = "/v1/" + ADDRESSES[kind].format_map(Attributes(samples))
    return samples.raw("get", path, expand=list(expand)).data


class Attributes(dict[str, Any]):
    """`{charge.id}` in a format is `samples.charge.id`."""

    def __init__(self, samples: Samples) -> None:
        super().__init__()
        self.samples = samples

    def __missing__(self, name: str) -> object:
        return getattr(self.samples, name)


def at(body: Any, path: str) -> Any:
    for step in path.split("."):
        body = body.get(step) if isinstance(body, dict) else None
    return body


@pytest.fixture
def samples(world: World) -> Samples:
    return Samples(world)


@pytest.mark.parametrize("kind", KINDS)
def test_what_can_be_expanded_is(samples: Samples, kind: str) -> None:
    plain = read(samples, kind)
    paths = list(expandable(described().schemas[kind], plain))
    for path in paths:
        there = at(read(samples, kind, path), path)
        assert not there or there["object"], path
        assert there or not at(plain, path), path


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_else_can(samples: Samples, kind: str) -> None:
    plain = read(samples, kind)
    schema = described().schemas[kind]
    others = set(plain) - set(expandable(schema, plain)) - {"id"}
    assert others
    for path in ["nothing", "id", *sorted(others)]:
        with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
            read(samples, kind, path)


@pytest.mark.parametrize("kind", KINDS)
def test_expanding_changes_nothing_that_is_kept(samples: Samples, kind: str) -> None:
    plain = read(samples, kind)
    read(samples, kind, *expandable(described().schemas[kind], plain))
    assert read(samples, kind) == plain


def test_an_answer_to_a_write_and_a_list_are_expanded_too(world: World) -> None:
    v1, charge = world.stripe.v1, world.paid()
    refund = v1.refunds.create({"charge": charge.id, "amount": 5, "expand": ["charge.refunds"]})
    assert [each.id for each in refund.charge.refunds.data] == [refund.id]
    (listed,) = v1.refunds.list({"expand": ["data.charge.balance_transaction"]}).data
    assert listed.charge.balance_transaction.fee == 115
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        v1.refunds.list({"expand": ["charge"]})


def test_a_failed_refunds_money_can_be_followed(world: World) -> None:
    refund = world.stripe.v1.refunds.create({"charge": world.paid().id})
    testing.fail_refund(refund.id)
    read = world.stripe.v1.refunds.retrieve(
        refund.id, {"expand": ["failure_balance_transaction", "balance_transaction.source"]}
    )
    assert read.failure_balance_transaction.type == "refund_failure"
    assert read.balance_transaction.source.id == refund.id


def test_a_stranger_sees_nothing_by_expanding(world: World) -> None:
    """What an object of an account's names on the platform stays an id."""
    account = world.account()
    transfer = world.transferred(world.paid(), 100, account.id)
    payment = world.stripe.v1.charges.retrieve(
        transfer.destination_payment,
        {"expand": ["source_transfer"]},
        {"stripe_account": account.id},
    )
    assert payment.source_transfer == transfer.id
