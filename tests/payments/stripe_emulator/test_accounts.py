import datetime as dt

import pytest
import stripe
from django.test import Client

from payments.stripe_emulator import config, testing
from tests.conftest import Freeze
from tests.payments.stripe_emulator.world import World

SITE = "http://localhost:8000"


def link_for(world: World, account: str, kind: str = "account_onboarding") -> str:
    """The path of a fresh onboarding page."""
    link = world.stripe.v1.account_links.create(
        {
            "account": account,
            "type": kind,
            "refresh_url": f"{SITE}/again/",
            "return_url": f"{SITE}/done/",
        }
    )
    return link.url.removeprefix(SITE)


def test_new_account_waits_for_its_owner(world: World) -> None:
    account = world.account(onboarded=False, metadata={"mentor": "7"})
    assert account.type == "express"
    assert (account.charges_enabled, account.payouts_enabled) == (False, False)
    assert account.capabilities.to_dict() == {
        "card_payments": "inactive",
        "transfers": "inactive",
    }
    assert "external_account" in account.requirements.currently_due
    assert account.metadata["mentor"] == "7"


def test_completed_account_can_be_paid_and_tells_its_platform_once(world: World) -> None:
    account = world.account(onboarded=False)
    page = link_for(world, account.id)
    for _ in range(2):
        answer = Client().post(page, {"action": "complete"})
        assert (answer.status_code, answer["Location"]) == (302, f"{SITE}/done/")
    account = world.stripe.v1.accounts.retrieve(account.id)
    assert account.charges_enabled
    assert account.payouts_enabled
    assert account.details_submitted
    assert account.capabilities.transfers == "active"
    assert account.requirements.currently_due == []
    (delivery,) = testing.waiting()
    assert delivery.connect
    assert delivery.event.body["account"] == account.id
    assert delivery.event.body["data"]["previous_attributes"]["payouts_enabled"] is False


def test_onboarding_page_shows_whose_it_is(world: World) -> None:
    page = link_for(world, world.account(onboarded=False).id)
    answer = Client().get(page)
    assert answer.status_code == 200
    assert "mentor@example.com" in answer.text
    assert answer.text.count("<form") == 1
    assert 'name="action" value="complete"' in answer.text
    assert "Test payments" in answer.text


def test_old_onboarding_link_leads_to_the_refresh_address(world: World, freeze: Freeze) -> None:
    clock = freeze()
    page = link_for(world, world.account(onboarded=False).id)
    clock.shift(dt.timedelta(minutes=5))
    answer = Client().get(page)
    assert (answer.status_code, answer["Location"]) == (302, f"{SITE}/again/")
    assert Client().get("/_stripe/onboarding/unknown/").status_code == 404


@pytest.mark.parametrize("is_deleted", [False, True])
def test_onboarding_page_brings_no_account_back(world: World, is_deleted: bool) -> None:
    account = world.account(onboarded=False)
    page = link_for(world, account.id)
    if is_deleted:
        world.stripe.v1.accounts.delete(account.id)
    else:
        testing.deauthorize_account(account.id)
    told = testing.event_types()
    assert Client().get(page).status_code == 404
    assert Client().post(page, {"action": "complete"}).status_code == 404
    with pytest.raises(stripe.PermissionError):
        world.stripe.v1.accounts.retrieve(account.id)
    assert testing.event_types() == told


def test_link_for_an_unknown_account_is_refused(world: World) -> None:
    with pytest.raises(stripe.PermissionError, match="does not have access"):
        link_for(world, "acct_unknown")


def test_an_express_account_has_no_page_for_changes(world: World) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="must be one of account_onboarding"):
        link_for(world, world.account().id, "account_update")


def test_update_merges_and_is_told(world: World) -> None:
    account = world.account(metadata={"a": "1", "b": "2"})
    changed = world.stripe.v1.accounts.update(
        account.id,
        {
            "metadata": {"a": "", "c": "3"},
            "business_profile": {"product_description": "Mentoring"},
            "capabilities": {"card_payments": {"requested": False}},
        },
    )
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}
    assert changed.business_profile.product_description == "Mentoring"
    assert changed.capabilities.to_dict() == {"transfers": "active"}
    assert testing.event_types()[-1] == "account.updated"


def test_platforms_own_account(world: World) -> None:
    own = world.stripe.v1.accounts.retrieve_current()
    assert own.id == config.platform_id()
    assert own.charges_enabled
    listed = world.account()
    assert [account.id for account in world.stripe.v1.accounts.list().data] == [listed.id]


def test_country_that_stripe_does_not_know_is_refused(world: World) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.account(country="XX")
    assert refused.value.code == "country_unsupported"


def test_connected_account_is_asked_for_by_its_own_header_too(world: World) -> None:
    account, other = world.account(), world.account()
    as_account = {"stripe_account": account.id}
    assert world.stripe.v1.accounts.retrieve_current(options=as_account).id == account.id
    assert world.stripe.v1.accounts.retrieve(account.id, options=as_account).id == account.id
    with pytest.raises(stripe.PermissionError):
        world.stripe.v1.accounts.retrieve(other.id, options=as_account)


def test_account_that_stripe_restricts(world: World) -> None:
    account = world.account()
    testing.restrict_account(account.id)
    account = world.stripe.v1.accounts.retrieve(account.id)
    assert (account.payouts_enabled, account.capabilities.transfers) == (False, "inactive")
    assert account.requirements.currently_due == ["individual.verification.document"]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.transferred(world.paid(), 100, account.id)
    assert refused.value.code == "insufficient_capabilities_for_transfer"
    Client().post(link_for(world, account.id), {"action": "complete"})
    assert world.stripe.v1.accounts.retrieve(account.id).payouts_enabled


def test_account_whose_owner_leaves_is_out_of_reach(world: World) -> None:
    account = world.account()
    testing.deauthorize_account(account.id)
    event = testing.waiting()[-1].event.body
    assert event["type"] == "account.application.deauthorized"
    assert event["account"] == account.id
    assert event["data"]["object"]["object"] == "application"
    with pytest.raises(stripe.PermissionError):
        world.stripe.v1.accounts.retrieve(account.id)
    with pytest.raises(stripe.PermissionError):
        world.stripe.v1.charges.list(options={"stripe_account": account.id})
