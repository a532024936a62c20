"""A mentor's opening hours and days off, on their dashboard."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from bookings.forms.availability import DatedForm, TimeOffForm, WeeklyForm
from bookings.models import AvailabilitySlot, TimeOff
from bookings.services import availability as services
from bookings.wallclock import format_minutes, local_day
from mentormatch import times
from mentormatch.auth import LoggedInRequest, own_mentor
from mentormatch.errors import Conflict, InvalidInput
from mentormatch.mentors.forms import RulesForm
from mentormatch.mentors.models import MentorProfile
from mentormatch.mentors.services import create_or_update_profile
from mentormatch.ui.forms import ActionForm, render_invalid
from mentormatch.ui.undo import say_with_undo


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def availability(request: LoggedInRequest) -> HttpResponse:
    """See the opening hours; POST opens a window, of a weekday or of one date."""
    mentor = own_mentor(request)
    if request.method != "POST":
        return render(request, "bookings/availability.html", _page(mentor))
    is_dated = bool(request.POST.get("date")) or "weekday" not in request.POST
    form = DatedForm(request.POST) if is_dated else WeeklyForm(request.POST)
    if _done(form, lambda: services.add_window(mentor=mentor, **form.window())):
        messages.success(request, _("Added. Mentees can book within it from now on."))
        return redirect("bookings:availability")
    page = _page(mentor) | {"dated_form" if is_dated else "weekly_form": form}
    return render_invalid(request, "bookings/availability.html", page)


@login_required
@require_POST
def remove(request: LoggedInRequest, window_id: int) -> HttpResponse:
    window = services.remove_window(mentor=own_mentor(request), window_id=window_id)
    day = {"weekday": window.weekday} if window.date is None else {"date": f"{window.date}"}
    say_with_undo(
        request,
        _("Removed. What is booked stays booked."),
        action=reverse("bookings:availability"),
        fields=day
        | {
            "start_time": format_minutes(window.start_minute),
            "end_time": format_minutes(window.end_minute),
        },
    )
    return redirect("bookings:availability")


@login_required
@require_POST
def time_off(request: LoggedInRequest) -> HttpResponse:
    mentor = own_mentor(request)
    form = TimeOffForm(request.POST)
    if _done(form, lambda: services.add_time_off(mentor=mentor, **form.cleaned_data)):
        messages.success(request, _("Added. What is booked on those days stays booked."))
        return redirect("bookings:availability")
    page = _page(mentor) | {"time_off_form": form}
    return render_invalid(request, "bookings/availability.html", page)


@login_required
@require_POST
def remove_time_off(request: LoggedInRequest, time_off_id: int) -> HttpResponse:
    days_off = services.remove_time_off(mentor=own_mentor(request), time_off_id=time_off_id)
    say_with_undo(
        request,
        _("Removed. Those days can be booked again."),
        action=reverse("bookings:time_off"),
        fields={"first_day": f"{days_off.first_day}", "last_day": f"{days_off.last_day}"},
    )
    return redirect("bookings:availability")


@login_required
@require_POST
def rules(request: LoggedInRequest) -> HttpResponse:
    """Step, notice, horizon, buffers and cap a day: for what is booked from now on."""
    mentor = own_mentor(request)
    form = RulesForm(request.POST, mentor=mentor)
    if _done(form, lambda: create_or_update_profile(user=request.user, **form.cleaned_data)):
        messages.success(request, _("Saved. Your free times follow at once."))
        return redirect("bookings:availability")
    page = _page(mentor) | {"rules_form": form}
    return render_invalid(request, "bookings/availability.html", page)


def _done(form: forms.Form, verb: Callable[[], object]) -> bool:
    """Whether the form and then the service took it; what they refused is on the form."""
    if not form.is_valid():
        return False
    try:
        verb()
    except (Conflict, InvalidInput) as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return False
    return True


def _page(mentor: MentorProfile) -> dict[str, Any]:
    today = local_day(times.now(), mentor.zone)
    windows = AvailabilitySlot.objects.filter(mentor=mentor).order_by("date", "start_minute")
    shown = [_shown(window) for window in windows]
    return {
        "mentor": mentor,
        "weekdays": [
            {"name": name, "windows": [w for w in shown if w["window"].weekday == number]}
            for number, name in WEEKDAYS.items()
        ],
        "dated": [w for w in shown if w["window"].date and w["window"].date >= today],
        "has_windows": bool(shown),
        "days_off": [
            {
                "days_off": days_off,
                "remove": _remove_form("time_off_remove", days_off.pk, _days(days_off)),
            }
            for days_off in TimeOff.objects.filter(mentor=mentor, last_day__gte=today)
        ],
        "rules_form": RulesForm(mentor=mentor),
        "weekly_form": WeeklyForm(auto_id="weekly_%s"),
        "dated_form": DatedForm(auto_id="dated_%s"),
        "time_off_form": TimeOffForm(auto_id="off_%s"),
    }


def _shown(window: AvailabilitySlot) -> dict[str, Any]:
    start, end = format_minutes(window.start_minute), format_minutes(window.end_minute)
    day = date_format(window.date, _("l, j F Y")) if window.date else WEEKDAYS[window.weekday or 0]
    return {
        "window": window,
        "start": start,
        "end": end,
        "remove": _remove_form("availability_remove", window.pk, f"{day} {start}–{end}"),
    }


def _days(days_off: TimeOff) -> str:
    first, last = (date_format(day, _("j F Y")) for day in (days_off.first_day, days_off.last_day))
    return first if first == last else f"{first}\N{EN DASH}{last}"


def _remove_form(name: str, pk: int, about: str) -> ActionForm:
    return ActionForm(
        action=reverse(f"bookings:{name}", args=[pk]), submit=_("Remove"), kind="link", about=about
    )
