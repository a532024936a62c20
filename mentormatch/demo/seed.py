"""Adds what is missing of the demo's data, through the services that everyone else uses.

Each step looks first, so that it can run at every start and after a crash in the middle.
"""

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.text import slugify

from bookings.models import AvailabilitySlot
from bookings.services.availability import add_window
from mentormatch.accounts.models import User
from mentormatch.demo import groups, meetings, people, subscriptions
from mentormatch.demo.people import Mentor, Person
from mentormatch.mentors import services as mentors
from mentormatch.mentors.models import MentorProfile, Topic
from mentormatch.mentors.profile import ProfileFields
from payments import services as payments
from payments import wiring
from payments.models import PaymentAccount, Plan
from payments.services import PlanFields


def seed() -> None:
    """Everything, in an order in which each step finds what it needs."""
    wiring.calm()
    add_people()
    for mentor in people.MENTORS:
        add_mentor(mentor)
    add_plans()
    meetings.add_trials()
    if settings.STRIPE_EMULATED:
        meetings.add_paid()
        subscriptions.add_subscriptions()
    for seat in groups.add_groups():
        meetings.pay(seat)


def add_plans() -> None:
    """What they sell by the month: two sessions, a tenth below their price."""
    for mentor in (people.MENTOR, people.DIEGO):
        profile = MentorProfile.objects.get(user__email=mentor.person.email)
        if not Plan.objects.filter(mentor=profile).exists():
            payments.create_plan(mentor=profile, fields=_plan_fields(mentor.hourly))


def _plan_fields(hourly: int) -> PlanFields:
    monthly = hourly * 18 // 10
    return {
        "title": "Steady progress",
        "description": "Two sessions a month, and between them a word on what you try.",
        "credits_a_month": 2,
        "session_minutes": 60,
        "monthly_minor": monthly,
        "quarterly_minor": monthly * 17 // 6,
        "annual_minor": monthly * 32 // 3,
    }


def add_people() -> None:
    """Accounts with verified addresses; staff only where the demo is for this machine."""
    wanted = [p for p in people.EVERYONE if not (p.staff and settings.DEMO_MODE == "public")]
    known = set(User.objects.values_list("email", flat=True))
    missing = [person for person in wanted if person.email not in known]
    password = make_password(people.PASSWORD) if missing else ""
    with transaction.atomic():
        for person in missing:
            _add_person(person, password)


def _add_person(person: Person, password: str) -> None:
    user = User.objects.create(
        email=person.email,
        full_name=person.name,
        time_zone=person.zone,
        password=password,
        is_staff=person.staff,
        is_superuser=person.staff,
    )
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)


def add_mentor(mentor: Mentor) -> None:
    """A listed mentor with opening hours, to whom the built-in Stripe can send money."""
    user = User.objects.get(email=mentor.person.email)
    profile = MentorProfile.objects.select_related("user").filter(user=user).first()
    if profile is None:
        profile = _write_profile(mentor, user)
    if profile.status in {MentorProfile.Status.DRAFT, MentorProfile.Status.IN_REVIEW}:
        mentors.approve(mentor=profile)
    if not AvailabilitySlot.objects.filter(mentor=profile).exists():
        _open(profile, mentor)
    if not profile.is_payable and settings.STRIPE_EMULATED:
        _onboard(profile)


@transaction.atomic
def _write_profile(mentor: Mentor, user: User) -> MentorProfile:
    fields: ProfileFields = {
        "headline": mentor.headline,
        "bio": mentor.bio,
        "topics": [_topic(name) for name in mentor.topics],
        "languages": list(mentor.languages),
        "country": mentor.country,
        "time_zone": mentor.person.zone,
        "currency": mentor.currency,
        "hourly_rate_minor": mentor.hourly,
        "trial_rate_minor": mentor.trial,
        "lengths": list(mentor.lengths),
        "step_minutes": mentor.step,
        "notice_minutes": mentor.notice,
        "requires_approval": mentor.approval,
    }
    fields.update(mentor.more)
    profile = mentors.create_or_update_profile(user=user, **fields)
    return mentors.submit_for_review(mentor=profile)


def _topic(name: str) -> Topic:
    return Topic.objects.get_or_create(slug=slugify(name), defaults={"name": name})[0]


@transaction.atomic
def _open(profile: MentorProfile, mentor: Mentor) -> None:
    for hours in mentor.hours:
        for weekday in hours.days:
            add_window(
                mentor=profile,
                weekday=weekday,
                start_minute=hours.first * 60,
                end_minute=hours.last * 60,
            )


def _onboard(profile: MentorProfile) -> None:
    payments.start_onboarding(mentor=profile)
    account = PaymentAccount.objects.get(mentor=profile)
    wiring.complete_onboarding(account.stripe_account_id or "")
    payments.refresh_account(account=account)
