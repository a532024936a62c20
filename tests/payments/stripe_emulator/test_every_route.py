"""What holds at each address, one test for each: a new address is covered from its first day."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import stripe

from payments.stripe_emulator import testing
from payments.stripe_emulator.models import IdempotencyKey, StripeObject
from payments.stripe_emulator.routes import ROUTES, Route
from tests.payments.stripe_emulator.description import described
from tests.payments.stripe_emulator.samples import Samples
from tests.payments.stripe_emulator.world import World

each_route = pytest.mark.parametrize("route", ROUTES, ids=str)
each_write = pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.method == "POST"], ids=str
)
NAMED_IN_PATH = [route for route in ROUTES if "{" in route.path]
WRONG = {
    "array": ["text", ""],
    "boolean": ["maybe", "1", {"a": "b"}],
    "integer": ["ten", "1.5", {"a": "b"}],
    "number": ["ten", {"a": "b"}],
    "object": ["text"],
    "string": [{"a": "b"}],
}
# What an object of the platform is called in the parameters that name one.
NAMING = {
    "account": "account",
    "charge": "charge",
    "customer": "customer",
    "payment_intent": "intent",
    "source_transaction": "charge",
    "subscription": "subscription",
}


@pytest.fixture
def samples(world: World) -> Samples:
    return Samples(world)


def everything() -> list[tuple[object, ...]]:
    """All that the emulator keeps."""
    return list(StripeObject.objects.order_by("pk").values_list("pk", "body", "status"))


def parameters(route: Route) -> Mapping[str, Any]:
    """The description's schema of what may be sent to the address."""
    return described().parameters(route.method, route.path.replace("{", "").replace("}", ""))


@each_route
def test_it_answers_a_request_that_is_right(samples: Samples, route: Route) -> None:
    assert samples.ask(route)["object"]


@each_route
def test_it_takes_nothing_that_the_description_does_not_know(route: Route) -> None:
    assert set(route.spec) <= set(parameters(route)["properties"])


@each_route
@pytest.mark.asks_wrongly
def test_an_unknown_parameter_is_an_error(samples: Samples, route: Route) -> None:
    samples.ready(route)
    before = StripeObject.objects.count()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        samples.ask(route, {"colour": "blue"})
    error = refused.value
    assert (error.http_status, error.code, error.param) == (400, "parameter_unknown", "colour")
    assert StripeObject.objects.count() == before


@pytest.mark.parametrize("route", [route for route in ROUTES if route.spec], ids=str)
@pytest.mark.asks_wrongly
def test_a_value_of_a_wrong_type_is_an_error(samples: Samples, route: Route) -> None:
    properties = parameters(route)["properties"]
    tried = 0
    for name in route.spec:
        for value in wrong_values(properties[name]):
            with pytest.raises(stripe.InvalidRequestError) as refused:
                samples.ask(route, {name: value})
            assert refused.value.http_status == 400, (name, value)
            assert str(refused.value.param).startswith(name), (name, value)
            tried += 1
    assert tried


def wrong_values(schema: Mapping[str, Any]) -> Iterator[object]:
    """What can't be read as any of the kinds that the schema allows."""
    choices = schema.get("anyOf", [schema])
    kinds = {choice["type"] for choice in choices}
    for value in WRONG[choices[0]["type"]]:
        if ("object" if isinstance(value, dict) else "string") not in kinds:
            yield value
    enums = ["enum" in choice for choice in choices if choice["type"] == "string"]
    if enums and all(enums):
        yield "no_such_word"


@pytest.mark.parametrize("route", NAMED_IN_PATH, ids=str)
def test_what_is_one_accounts_is_missing_for_another(
    samples: Samples, world: World, route: Route
) -> None:
    stranger = world.account()
    samples.ready(route)
    before = everything()
    with pytest.raises((stripe.InvalidRequestError, stripe.PermissionError)) as refused:
        samples.ask(route, stripe_account=stranger.id)
    error = refused.value
    told = (error.http_status, error.error.code)
    if "/accounts/" in route.path:  # which Stripe keeps to itself
        assert told == (403, "account_invalid")
    else:
        assert told == (404, "resource_missing")
    assert everything() == before


def naming_parameters() -> Iterator[Any]:
    for route in ROUTES:
        for name in sorted(NAMING.keys() & route.spec.keys()):
            yield pytest.param(route, name, id=f"{route} {name}")


@pytest.mark.parametrize(("route", "name"), list(naming_parameters()))
def test_what_a_parameter_names_must_be_the_askers(
    samples: Samples, world: World, route: Route, name: str
) -> None:
    stranger = world.account()
    params = samples.params(route) | {name: getattr(samples, NAMING[name]).id}
    if name == "payment_intent":
        params.pop("charge", None)
    with pytest.raises((stripe.InvalidRequestError, stripe.PermissionError)) as refused:
        world.stripe.raw_request(
            route.method.lower(), samples.path(route), **params, stripe_account=stranger.id
        )
    told = (refused.value.http_status, refused.value.error.code)
    # What the address names is looked for first.
    status = 404 if "{" in route.path else 400
    assert told in {(status, "resource_missing"), (403, "account_invalid")}


@each_write
def test_the_same_key_gives_the_same_answer(samples: Samples, route: Route) -> None:
    first = samples.ask(route, idempotency_key="k")
    before = everything()
    assert samples.ask(route, idempotency_key="k") == first
    assert everything() == before
    assert IdempotencyKey.objects.filter(key="k").count() == 1


@each_write
def test_the_same_key_with_other_parameters_is_an_error(samples: Samples, route: Route) -> None:
    samples.ask(route, idempotency_key="k")
    with pytest.raises(stripe.IdempotencyError) as refused:
        samples.ask(route, {"expand": ["nothing"]}, idempotency_key="k")
    assert refused.value.http_status == 400


@each_write
def test_a_failure_of_stripes_is_told_again_under_its_key(samples: Samples, route: Route) -> None:
    samples.ready(route)
    with testing.outage("500"), pytest.raises(stripe.APIError):
        samples.ask(route, idempotency_key="k")
    with pytest.raises(stripe.APIError) as failed:
        samples.ask(route, idempotency_key="k")
    assert failed.value.headers["Idempotent-Replayed"] == "true"
    assert samples.ask(route, idempotency_key="another")
