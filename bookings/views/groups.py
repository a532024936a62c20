"""Group sessions as everyone sees them: the list, one of them, and taking a seat in it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from bookings import policy
from bookings.forms.consent import rule
from bookings.forms.groups import SeatForm
from bookings.group_models import GroupSession
from bookings.models import Booking
from bookings.services.seats import book_seat, check_seat
from bookings.views.facts import foreign_zone
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.auth import LoggedInRequest
from mentormatch.errors import Conflict, DomainError
from mentormatch.ui.forms import UNPROCESSABLE, posted
from mentormatch.ui.templatetags.mentormatch import money

PAGE_SIZE = 12


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Those to come, soonest first; sold-out ones too, since a seat may be given back."""
    found = GroupSession.objects.bookable(times.now()).with_mentor()
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "bookings/group_list.html", {"page": page, "groups": page.object_list})


@require_safe
def detail(request: HttpRequest, code: str) -> HttpResponse:
    visible = GroupSession.objects.visible_to(request.user).with_mentor()
    group, now = get_object_or_404(visible, code=code), times.now()
    mine = _seat_of(request.user, group)
    context = {
        "group": group,
        "mine": mine,
        "mentor_zone": foreign_zone(group.mentor.time_zone),
        "is_own": group.mentor.user_id == request.user.pk,
        "has_begun": group.starts_at <= now,
        **_terms(group),
    }
    return render(request, "bookings/group.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def book(request: LoggedInRequest, code: str) -> HttpResponse:
    """GET shows what a seat costs and on what terms; POST takes it, or says why not."""
    group = _group(code)
    form = _form(group, posted(request))
    try:
        if request.method != "POST":
            check_seat(group=group, mentee=request.user)
        elif form.is_valid():
            booking = book_seat(
                group=group,
                mentee=request.user,
                notes=form.cleaned_data["notes"],
                has_consented=form.cleaned_data.get("consent", False),
            )
            return _next(request, booking)
    except Conflict as refusal:
        return _page(request, group, form, refusal=refusal, status=refusal.status)
    return _page(request, group, form, status=UNPROCESSABLE if form.is_bound else 200)


def _group(code: str) -> GroupSession:
    return get_object_or_404(GroupSession.objects.of_listed().with_mentor(), code=code)


def _seat_of(user: object, group: GroupSession) -> Booking | None:
    """The seat that this person has, or holds, in it."""
    if not isinstance(user, User):
        return None
    return group.bookings.filter(mentee=user).exclude(status=Booking.Status.CANCELLED).first()


def _terms(group: GroupSession) -> dict[str, Any]:
    until = policy.free_cancellation_until(group.starts_at)
    return {"free_cancellation_until": until if until > times.now() else None}


def _form(group: GroupSession, data: Any) -> SeatForm:
    until = policy.free_cancellation_until(group.starts_at)
    amount = money(group.price_minor, group.currency)
    return SeatForm(
        data,
        submit=_("Book and pay %(amount)s") % {"amount": amount}
        if group.price_minor
        else _("Take a seat"),
        back_url=reverse("bookings:group", args=[group.code]),
        rule=rule(until, times.now()) if group.price_minor else "",
    )


def _next(request: LoggedInRequest, booking: Booking) -> HttpResponse:
    if booking.is_to_pay:
        return redirect("payments:pay", booking.code)
    messages.success(request, _("You have a seat."))
    return redirect("bookings:detail", booking.code)


def _page(
    request: LoggedInRequest,
    group: GroupSession,
    form: SeatForm,
    *,
    refusal: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "group": group,
        "form": form,
        "refusal": refusal,
        "mentor_zone": foreign_zone(group.mentor.time_zone),
        "hold_minutes": int(policy.HOLD.total_seconds() // 60),
        **_terms(group),
    }
    return render(request, "bookings/group_book.html", context, status=status)
