"""What can be done with a booking: give it up, move it, answer it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from bookings import calendar, policy, services
from bookings.forms.bookings import ReasonForm, RescheduleForm
from bookings.models import Booking
from bookings.slots import Slot
from bookings.views.bookings import own_booking
from bookings.views.facts import other_side
from bookings.views.picker import slot_picker
from mentormatch import times
from mentormatch.auth import LoggedInRequest
from mentormatch.errors import Conflict, DomainError, InvalidInput, StripeError
from mentormatch.ui.forms import UNPROCESSABLE, posted, render_invalid
from payments import services as payments


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: LoggedInRequest, code: str) -> HttpResponse:
    """GET says what comes back, before anything happens."""
    booking, now = own_booking(request.user, code), times.now()
    form = ReasonForm(
        posted(request),
        submit=_("Cancel the session"),
        back_url=reverse("bookings:detail", args=[code]),
    )
    if request.method == "POST" and form.is_valid():
        payments.call_off(booking=booking, by=request.user, **form.cleaned_data)
        messages.success(request, _("The session is cancelled."))
        return redirect("bookings:detail", code)
    side = booking.side_of(request.user) or ""
    context = {
        "booking": booking,
        "form": form,
        "terms": policy.cancellation_terms(booking, side, now),
        "is_mentee": side == Booking.Side.MENTEE,
        "other": other_side(booking, request.user),
    }
    show = render_invalid if form.is_bound else render
    return show(request, "bookings/cancel.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def reschedule(request: LoggedInRequest, code: str) -> HttpResponse:
    """GET offers times, with `?starts_at=` it asks to make sure; POST moves the session."""
    booking = own_booking(request.user, code)
    data = request.POST if request.method == "POST" else request.GET
    if request.method != "POST" or "starts_at" not in data:
        services.check_may_reschedule(booking=booking, by=request.user)
    if "starts_at" not in data:
        return _times_to_choose(request, booking)
    form = RescheduleForm(data, cancel_url=reverse("bookings:reschedule", args=[code]))
    if not form.is_valid():
        return _reschedule_page(request, booking, form=form, status=UNPROCESSABLE)
    if request.method != "POST":
        wanted = form.cleaned_data["starts_at"]
        end = wanted + (booking.ends_at - booking.starts_at)
        return _reschedule_page(request, booking, form=form, wanted=wanted, wanted_end=end)
    try:
        services.reschedule_booking(booking=booking, by=request.user, **form.cleaned_data)
    except InvalidInput as refusal:
        form.add_error("starts_at", str(refusal))
        return _reschedule_page(request, booking, form=form, status=UNPROCESSABLE)
    except Conflict as refusal:
        return _refused(request, booking, form, refusal)
    messages.success(request, _("The session has a new time. Both of you get a mail."))
    return redirect("bookings:detail", code)


@login_required
@require_POST
def confirm(request: LoggedInRequest, code: str) -> HttpResponse:
    booking = own_booking(request.user, code)
    try:
        payments.accept(booking=booking, by=request.user)
    except StripeError:
        words = _("Your yes is kept. The payment service doesn't answer just now: we go on trying.")
        messages.warning(request, words)
    else:
        messages.success(request, _("Confirmed. Both of you get a mail with the invitation."))
    return redirect("bookings:detail", code)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def decline(request: LoggedInRequest, code: str) -> HttpResponse:
    booking = own_booking(request.user, code)
    form = ReasonForm(
        posted(request),
        submit=_("Decline the request"),
        back_url=reverse("bookings:detail", args=[code]),
    )
    if request.method == "POST" and form.is_valid():
        services.decline_booking(booking=booking, by=request.user, **form.cleaned_data)
        messages.success(request, _("Declined. The time is free again."))
        return redirect("bookings:detail", code)
    services.check_may_answer(booking=booking, by=request.user)
    context = {"booking": booking, "form": form, "other": other_side(booking, request.user)}
    show = render_invalid if form.is_bound else render
    return show(request, "bookings/decline.html", context)


def _picker(request: LoggedInRequest, booking: Booking) -> Any:
    address = reverse("bookings:reschedule", args=[booking.code])

    def link(slot: Slot) -> str:
        return f"{address}?{urlencode({'starts_at': times.format_instant(slot.starts_at)})}"

    return slot_picker(
        booking.mentor,
        request,
        session_type=booking.session_type,
        duration_minutes=booking.duration_minutes,
        link=link,
        price_minor=booking.price_minor,
        ignoring=booking,
    )


def _refused(
    request: LoggedInRequest, booking: Booking, asked: RescheduleForm, refusal: DomainError
) -> HttpResponse:
    if "nearest" not in refusal.extra:
        raise refusal
    nearest = calendar.nearest(
        booking.mentor,
        around=asked.cleaned_data["starts_at"],
        duration_minutes=booking.duration_minutes,
        session_type=booking.session_type,
        now=times.now(),
        viewer=booking.mentee,
        ignoring=booking,
    )
    form = RescheduleForm(cancel_url=reverse("bookings:reschedule", args=[booking.code]))
    form.offer(nearest)
    return _reschedule_page(
        request, booking, form=form, refusal=refusal, nearest=nearest, status=refusal.status
    )


def _times_to_choose(request: LoggedInRequest, booking: Booking) -> HttpResponse:
    page: dict[str, Any] = {"picker": _picker(request, booking)}
    if request.method == "POST":
        page |= {"refusal": InvalidInput(_("Choose a time.")), "status": UNPROCESSABLE}
    return _reschedule_page(request, booking, **page)


def _reschedule_page(
    request: LoggedInRequest, booking: Booking, *, status: int = 200, **more: Any
) -> HttpResponse:
    is_mentee = booking.mentee_id == request.user.pk
    context = {
        "booking": booking,
        "is_mentee": is_mentee,
        "other": other_side(booking, request.user),
        **more,
    }
    return render(request, "bookings/reschedule.html", context, status=status)
