"""The page on which one side says that the other wasn't there, and the other answers."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bookings import services
from bookings.absence_models import Absence
from bookings.forms.bookings import AbsenceForm, ObjectionForm
from bookings.models import Booking
from bookings.views.bookings import own_booking
from bookings.views.facts import other_side
from mentormatch import times
from mentormatch.auth import LoggedInRequest
from mentormatch.errors import Forbidden
from mentormatch.ui.forms import posted, render_invalid
from sessions_app import absences


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def absent(request: LoggedInRequest, code: str) -> HttpResponse:
    """To report the other side, or for that side to object to it."""
    booking = own_booking(request.user, code)
    absence = Absence.objects.filter(booking=booking).first()
    if absence is None:
        return _report(request, booking)
    if not absence.is_about(booking.side_of(request.user) or ""):
        raise Forbidden(_("You have reported this. The other side can object, then we decide."))
    return _object(request, booking, absence)


def _report(request: LoggedInRequest, booking: Booking) -> HttpResponse:
    form = AbsenceForm(posted(request), back_url=_back(booking))
    if form.is_valid():
        absences.report_absence(booking=booking, by=request.user, **form.cleaned_data)
        messages.success(request, _("Reported. We look into it and write to you both."))
        return redirect("bookings:detail", booking.code)
    if not form.is_bound:
        absences.check_may_report(booking=booking, by=request.user)
    return _page(request, booking, form)


def _object(request: LoggedInRequest, booking: Booking, absence: Absence) -> HttpResponse:
    if not absence.may_be_objected_to(times.now()):
        messages.info(request, _("There is nothing to object to any more."))
        return redirect("bookings:detail", booking.code)
    form = ObjectionForm(posted(request), back_url=_back(booking))
    if form.is_valid():
        absence.booking = booking
        services.object_to_absence(absence=absence, by=request.user, **form.cleaned_data)
        messages.success(request, _("Thank you. We look into it and write to you both."))
        return redirect("bookings:detail", booking.code)
    return _page(request, booking, form, absence=absence)


def _back(booking: Booking) -> str:
    return reverse("bookings:detail", args=[booking.code])


def _page(request: LoggedInRequest, booking: Booking, form: Any, **more: Any) -> HttpResponse:
    page = {"booking": booking, "form": form, "other": other_side(booking, request.user), **more}
    show = render_invalid if form.is_bound else render
    return show(request, "bookings/absent.html", page)
