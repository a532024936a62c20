"""The plans that a mentor sells: made, edited, and taken off the shelf."""

from typing import TypedDict

from django.db import transaction as db
from django.utils.translation import gettext as _

from mentormatch import money, times
from mentormatch.accounts.models import User
from mentormatch.errors import Forbidden, InvalidInput
from mentormatch.mentors.models import LONGEST, SHORTEST, MentorProfile
from payments.models import Plan

MOST_CREDITS = 31
PRICES = ("monthly_minor", "quarterly_minor", "annual_minor")


class PlanFields(TypedDict):
    """What a mentor decides; a price of `None` isn't sold in that interval."""

    title: str
    description: str
    credits_a_month: int
    session_minutes: int
    monthly_minor: int | None
    quarterly_minor: int | None
    annual_minor: int | None


def create_plan(*, mentor: MentorProfile, fields: PlanFields) -> Plan:
    """Put a plan on offer, in the mentor's currency. `InvalidInput` names the field at fault."""
    _check(fields, mentor.currency)
    return Plan.objects.create(mentor=mentor, currency=mentor.currency, **fields)


def edit_plan(*, plan: Plan, by: User, fields: PlanFields) -> Plan:
    """Change what is sold from now on: whoever subscribed keeps what they subscribed to."""
    _check_own(plan, by)
    _check(fields, plan.currency)
    with db.atomic():
        Plan.objects.filter(pk=plan.pk).update(updated_at=times.now(), **fields)
    plan.refresh_from_db()
    return plan


def retire_plan(*, plan: Plan, by: User) -> Plan:
    """Sell it no more; subscriptions to it go on. Safe to repeat."""
    return _set_offered(plan, by, is_offered=False)


def offer_plan(*, plan: Plan, by: User) -> Plan:
    """Sell a retired plan again. Safe to repeat."""
    return _set_offered(plan, by, is_offered=True)


def _set_offered(plan: Plan, by: User, *, is_offered: bool) -> Plan:
    _check_own(plan, by)
    Plan.objects.filter(pk=plan.pk).update(is_offered=is_offered, updated_at=times.now())
    plan.refresh_from_db()
    return plan


def _check_own(plan: Plan, by: User) -> None:
    if plan.mentor.user_id != by.pk:
        raise Forbidden(_("Only the mentor can change their plans."))


def _check(fields: PlanFields, currency: str) -> None:
    if not fields["title"].strip():
        raise InvalidInput(_("Give the plan a title."), field="title")
    if not 1 <= fields["credits_a_month"] <= MOST_CREDITS:
        message = _("Between 1 and %(most)d sessions a month.") % {"most": MOST_CREDITS}
        raise InvalidInput(message, field="credits_a_month")
    if not SHORTEST <= fields["session_minutes"] <= LONGEST:
        raise InvalidInput(_("A session has 15 to 180 minutes."), field="session_minutes")
    prices = {name: fields[name] for name in PRICES if fields[name] is not None}  # type: ignore[literal-required]  # PRICES names them
    if not prices:
        raise InvalidInput(_("Set a price for at least one interval."), field="monthly_minor")
    for name, price in prices.items():
        if not price or price < 0 or not money.is_chargeable(price, currency):
            raise InvalidInput(_("That is less, or more, than can be charged."), field=name)
