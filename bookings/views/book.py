"""Booking a slot: what will be booked, then taking it."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from bookings import calendar, policy, services
from bookings.forms.bookings import BookForm
from bookings.forms.consent import rule
from bookings.models import Booking
from bookings.views.facts import foreign_zone
from mentormatch import times
from mentormatch.auth import LoggedInRequest
from mentormatch.errors import Conflict, DomainError, InvalidInput
from mentormatch.mentors.models import MentorProfile
from mentormatch.ui.forms import UNPROCESSABLE
from mentormatch.ui.templatetags.mentormatch import money
from payments import services as payments
from payments.models import CreditPeriod

WANTED = ("starts_at", "duration_minutes", "session_type")
USE_CREDIT = {"credit": True, "money": False}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def book(request: LoggedInRequest, slug: str) -> HttpResponse:
    """GET shows what would be booked and on what terms; POST takes it, or says why not."""
    mentors = MentorProfile.objects.listed().select_related("user")
    mentor = get_object_or_404(mentors, slug=slug)
    if request.method == "POST":
        return _take(request, mentor)
    form = _form(mentor, request.GET)
    if not form.is_valid():
        raise InvalidInput(_("Choose a time on the mentor's page first."))
    wanted = {name: form.cleaned_data[name] for name in WANTED}
    credit = payments.find_credit(mentor=mentor, mentee=request.user, **wanted)
    try:
        services.check_slot(
            mentor=mentor, mentee=request.user, is_prepaid=credit is not None, **wanted
        )
    except Conflict as refusal:
        return _refused(request, mentor, wanted, refusal)
    price = None if credit else _price(mentor, wanted)
    shown = _form(mentor, None, initial=wanted, price=price)
    return _page(request, mentor, shown, wanted)


def _take(request: LoggedInRequest, mentor: MentorProfile) -> HttpResponse:
    form = _form(mentor, request.POST)
    wanted = {}
    if form.is_valid():
        wanted = {name: form.cleaned_data[name] for name in WANTED}
        try:
            booking = payments.book_session(
                mentor=mentor,
                mentee=request.user,
                notes=form.cleaned_data["notes"],
                has_consented=form.cleaned_data["consent"],
                use_credit=USE_CREDIT.get(form.cleaned_data["pay_with"]),
                **wanted,
            )
        except Conflict as refusal:
            if refusal.code == "no_credit":
                form.add_error(None, str(refusal))
                return _page(request, mentor, form, wanted, status=refusal.status)
            wanted["notes"] = form.cleaned_data["notes"]
            return _refused(request, mentor, wanted, refusal)
        except InvalidInput as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            return _next(request, booking)
    return _page(request, mentor, form, wanted, status=UNPROCESSABLE)


def _next(request: LoggedInRequest, booking: Booking) -> HttpResponse:
    if booking.is_to_pay:
        return redirect("payments:pay", booking.code)
    is_request = booking.is_to_answer
    messages.success(
        request, _("Sent. Your mentor answers soon.") if is_request else _("You're booked in.")
    )
    return redirect("bookings:detail", booking.code)


def _refused(
    request: LoggedInRequest, mentor: MentorProfile, wanted: dict[str, Any], refusal: DomainError
) -> HttpResponse:
    """The form again with what was typed, and where it helps with times that are still free."""
    form = _form(mentor, None, initial=wanted, price=_price(mentor, wanted))
    nearest = (
        calendar.nearest(
            mentor,
            around=wanted["starts_at"],
            duration_minutes=wanted["duration_minutes"],
            session_type=wanted["session_type"],
            now=times.now(),
            viewer=request.user,
        )
        if "nearest" in refusal.extra
        else []
    )
    form.offer(nearest)
    return _page(
        request, mentor, form, wanted, refusal=refusal, nearest=nearest, status=refusal.status
    )


def _form(
    mentor: MentorProfile, data: Any, *, initial: Any = None, price: policy.Price | None = None
) -> BookForm:
    return BookForm(
        data,
        initial=dict(initial or {}),
        submit=_button(mentor, price),
        cancel_url=reverse("mentors:detail", args=[mentor.slug]),
    )


def _button(mentor: MentorProfile, price: policy.Price | None) -> str:
    if price is not None and price.amount_minor:
        amount = money(price.amount_minor, price.currency)
        if mentor.requires_approval:
            return _("Ask for this session, for %(amount)s") % {"amount": amount}
        return _("Book and pay %(amount)s") % {"amount": amount}
    return _("Ask for this session") if mentor.requires_approval else _("Book this session")


def _price(mentor: MentorProfile, wanted: dict[str, Any]) -> policy.Price:
    return policy.price_of(mentor, wanted["session_type"], wanted["duration_minutes"])


def _ways_to_pay(price: policy.Price, credit: CreditPeriod | None) -> dict[str, str]:
    if credit is None:
        return {}
    names = {"plan": credit.subscription.plan.title, "left": credit.left}
    return {
        "credit": ngettext(
            "The one session left of %(plan)s",
            "One of the %(left)d sessions left of %(plan)s",
            credit.left,
        )
        % names,
        "money": money(price.amount_minor, price.currency),
    }


def _page(
    request: LoggedInRequest,
    mentor: MentorProfile,
    form: BookForm,
    wanted: dict[str, Any],
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context: dict[str, Any] = {"mentor": mentor, "form": form, "wanted": wanted, **more}
    if wanted:
        now, starts_at = times.now(), wanted["starts_at"]
        until = policy.free_cancellation_until(starts_at)
        length = dt.timedelta(minutes=wanted["duration_minutes"])
        price = _price(mentor, wanted)
        credit = payments.find_credit(
            mentor=mentor, mentee=request.user, **{name: wanted[name] for name in WANTED}
        )
        form.offer_credit(_ways_to_pay(price, credit))
        pays = bool(price.amount_minor) and credit is None
        # Other times have other instants: agreed is what the chosen one says.
        shown = rule(None if "nearest" in more else until, now) if pays else ""
        form.ask_consent(shown)
        context |= {
            "price": price,
            "credit": credit,
            "pays": pays,
            "ends_at": starts_at + length,
            "mentor_zone": foreign_zone(mentor.time_zone),
            "is_trial": wanted["session_type"] == Booking.Type.TRIAL,
            "hold_minutes": int(policy.HOLD.total_seconds() // 60),
            "free_cancellation_until": until if until > now else None,
            "answer_by": policy.answer_by(starts_at, now),
        }
    else:
        form.offer_credit({})
        form.ask_consent("")
    return render(request, "bookings/book.html", context, status=status)
