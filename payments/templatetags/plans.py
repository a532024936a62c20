"""`{% load plans %}`: a mentor's plans on any page, and intervals in words."""

from django import template

from mentormatch.mentors.models import MentorProfile
from payments.forms import PER
from payments.models import Interval, Plan

register = template.Library()


@register.simple_tag
def plans_of(mentor: MentorProfile) -> list[Plan]:
    """`{% plans_of mentor as plans %}`: what can be subscribed to just now."""
    if not mentor.is_listed or not mentor.sells:
        return []
    return list(Plan.objects.filter(mentor=mentor).offered())


@register.filter
def per(interval: str) -> str:
    """`subscription.interval|per` → a month."""
    return str(PER[Interval(interval)])
