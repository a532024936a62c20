"""A mentor's dashboard: what is next, what waits for an answer, and what is still to set up."""

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from bookings.models import Booking
from mentormatch import times
from mentormatch.auth import LoggedInRequest
from mentormatch.mentors.models import MentorProfile

AHEAD = dt.timedelta(days=7)
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Task:
    """One line of the set-up list."""

    label: str | Promise
    help_text: str | Promise
    url: str
    is_done: bool


@login_required
@require_safe
def dashboard(request: LoggedInRequest) -> HttpResponse:
    mentor = MentorProfile.objects.select_related("user").filter(user=request.user).first()
    if mentor is None:
        return render(request, "bookings/dashboard_invitation.html")
    now = times.now()
    mine = Booking.objects.filter(mentor=mentor).with_session()
    ahead = mine.upcoming(now)
    confirmed = ahead.filter(status=Booking.Status.CONFIRMED)
    week = confirmed.filter(starts_at__lt=now + AHEAD)[:SHOWN]
    tasks = setup_of(mentor)
    context = {
        "mentor": mentor,
        "next": confirmed.first(),
        "requests": ahead.filter(answer_by_at__gt=now)[:SHOWN],
        "week": list(week),
        "tasks": tasks,
        "is_set_up": all(task.is_done for task in tasks),
    }
    return render(request, "bookings/dashboard.html", context)


def setup_of(mentor: MentorProfile) -> list[Task]:
    """What a mentor has to do before the first paid session, in a good order."""
    return [
        Task(
            _("Get your profile listed"),
            _("We are looking at it and write to you.")
            if mentor.status == MentorProfile.Status.IN_REVIEW
            else _("Fill it in and send it for review."),
            reverse("mentors:edit"),
            mentor.is_listed,
        ),
        Task(
            _("Open your hours"),
            _("Say when you can be booked."),
            reverse("bookings:availability"),
            mentor.availability.exists(),
        ),
        Task(
            _("Set up your payouts"),
            _("Tell Stripe where your money goes. Free sessions work without."),
            reverse("payments:payouts"),
            mentor.is_payable,
        ),
    ]
