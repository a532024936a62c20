"""The room: who is here, when it opens, and what one can do in it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.auth import LoggedInRequest
from mentormatch.ui.forms import ActionForm
from payments.services import may_tip
from reviews.models import Review, ReviewQuerySet
from reviews.services import may_write
from sessions_app import room, services
from sessions_app.absences import may_report
from sessions_app.models import Presence, Session


@dataclass(frozen=True)
class Participant:
    """Someone with a place in the room, and when they came and went."""

    user: User
    is_mentor: bool
    stay: Presence | None

    @property
    def is_here(self) -> bool:
        return self.stay is not None and self.stay.left_at is None


def _session(user: User, code: str) -> Session:
    sessions = Session.objects.for_user(user).with_people()
    return get_object_or_404(sessions, code=code)


def _participants(session: Session) -> list[Participant]:
    latest = {stay.user_id: stay for stay in session.presences.order_by("joined_at")}
    mentor = session.mentor.user
    return [
        Participant(user, user == mentor, latest.get(user.pk))
        for user in [mentor, *(booking.mentee for booking in session.bookings)]
    ]


def _phase(session: Session, now: dt.datetime) -> str:
    """What the page is about: `cancelled`, `completed`, `early`, `open` or `late`."""
    if session.status not in Session.LIVE:
        return session.status
    if now < room.opens_at(session):
        return "early"
    return "open" if room.is_open(session, now=now) else "late"


@login_required
@require_safe
def show(request: LoggedInRequest, code: str) -> HttpResponse:
    session = _session(request.user, code)
    return render(request, "sessions_app/room.html", _context(request.user, session))


def _context(user: User, session: Session) -> dict[str, Any]:
    participants = _participants(session)
    me = next(person for person in participants if person.user == user)
    phase = _phase(session, times.now())
    booking = session.booking_of(user) or session.bookings[0]
    return {
        "session": session,
        "phase": phase,
        "is_over": phase not in {"early", "open"},
        "opens_at": room.opens_at(session),
        "closes_at": room.closes_at(session),
        "participants": participants,
        "me": me,
        "others": _whom_one_meets(session, me, participants),
        "booking": booking,
        "noted": [b for b in (session.bookings if me.is_mentor else [booking]) if b.notes],
        "can_review": not me.is_mentor and may_write(session=session, booking=booking),
        "can_tip": may_tip(booking, user),
        "can_report": session.group_session is None and may_report(booking, user, times.now()),
        "reviews": _reviews(session, me),
        **_forms(session, me),
    }


def _whom_one_meets(
    session: Session, me: Participant, participants: list[Participant]
) -> list[Participant]:
    """The other side; in a group the mentor, since the others are named where they sit."""
    others = [person for person in participants if person is not me]
    if session.group_session is None:
        return others
    return [person for person in others if person.is_mentor]


def _reviews(session: Session, me: Participant) -> ReviewQuerySet:
    """One's own; for the mentor those of everyone who had a seat."""
    seen = Review.objects.filter(session=session).visible_to(me.user).select_related("reviewer")
    return seen if me.is_mentor else seen.filter(reviewer=me.user)


def _forms(session: Session, me: Participant) -> dict[str, ActionForm]:
    started = session.status == Session.Status.IN_PROGRESS
    return {
        "start_form": ActionForm(
            action=reverse("sessions:start", args=[session.code]),
            submit=_("Join the session") if started else _("Start the session"),
        ),
        "leave_form": ActionForm(
            action=reverse("sessions:leave", args=[session.code]),
            submit=_("Leave the room"),
            kind="secondary",
        ),
        "end_form": ActionForm(
            action=reverse("sessions:end", args=[session.code]),
            submit=_("End the session"),
            kind="danger" if me.is_here else "secondary",
        ),
    }


@login_required
@require_safe
def people(request: LoggedInRequest, code: str) -> HttpResponse:
    """Who is here, asked again and again by an open page; the whole page anew once it changes."""
    session = _session(request.user, code)
    context = _context(request.user, session)
    response = render(request, "sessions_app/_people.html", context)
    if request.GET.get("seen") != f"{session.status}-{context['phase']}":
        response["HX-Refresh"] = "true"
    return response


@login_required
@require_POST
def start(request: LoggedInRequest, code: str) -> HttpResponse:
    services.start_session(session=_session(request.user, code), user=request.user)
    return redirect("sessions:room", code)


@login_required
@require_POST
def leave(request: LoggedInRequest, code: str) -> HttpResponse:
    services.leave(session=_session(request.user, code), user=request.user)
    messages.info(request, _("You left the room. You can come back while it is open."))
    return redirect("sessions:room", code)


@login_required
@require_POST
def end(request: LoggedInRequest, code: str) -> HttpResponse:
    services.end_session(session=_session(request.user, code), user=request.user)
    messages.success(request, _("The session is over. Thank you!"))
    return redirect("sessions:room", code)
