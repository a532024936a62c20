"""`{% load payouts %}`: what a mentor must know of the way of their money to the bank."""

from django import template
from django.utils.functional import Promise

from mentormatch.mentors.models import MentorProfile
from payments import payout_failures, requirements
from payments.models import PaymentAccount

register = template.Library()


@register.simple_tag
def account_in_need(mentor: MentorProfile) -> PaymentAccount | None:
    """`{% account_in_need mentor as account %}`: one of which Stripe wants something more."""
    account = PaymentAccount.objects.filter(mentor=mentor, details_submitted=True).first()
    return account if account and account.is_in_need else None


@register.filter
def wanted(names: list[str]) -> list[Promise]:
    """`{{ account.requirements_due|wanted }}`: what Stripe still wants, in words."""
    return requirements.in_words(names)


@register.filter
def why_failed(code: str) -> Promise:
    """`{{ payout.failure_code|why_failed }}`: why a bank sent a payout back."""
    return payout_failures.in_words(code)
