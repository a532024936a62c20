"""Endpoints of events, as they are listed: their secret is told once."""

import pytest
import stripe

from payments.stripe_emulator import config
from tests.payments.stripe_emulator.samples import ENDPOINT
from tests.payments.stripe_emulator.world import World


def test_an_endpoint_is_made_changed_and_let_go(world: World) -> None:
    endpoints = world.stripe.v1.webhook_endpoints
    made = endpoints.create(ENDPOINT | {"connect": True, "metadata": {"for": "mentors"}})
    assert made.secret == config.webhook_secret(connect=True)
    assert (made.status, made.enabled_events) == ("enabled", ["charge.refunded"])
    assert "secret" not in endpoints.retrieve(made.id)
    changed = endpoints.update(
        made.id, {"disabled": True, "enabled_events": ["*"], "metadata": {"for": ""}}
    )
    assert (changed.status, changed.enabled_events) == ("disabled", ["*"])
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {}
    assert endpoints.update(made.id, {"disabled": False}).status == "enabled"
    assert [each.id for each in endpoints.list().data] == [made.id]
    assert endpoints.delete(made.id).deleted
    assert endpoints.list().data == []


@pytest.mark.asks_wrongly
def test_there_are_sixteen_at_most(world: World) -> None:
    for _ in range(16):
        world.stripe.v1.webhook_endpoints.create(ENDPOINT)
    with pytest.raises(stripe.InvalidRequestError, match="maximum of 16"):
        world.stripe.v1.webhook_endpoints.create(ENDPOINT)
