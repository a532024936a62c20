"""A mentor's own group sessions, on their dashboard."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bookings.forms.bookings import ReasonForm
from bookings.forms.groups import ChangeForm, OfferForm
from bookings.group_models import GroupSession
from bookings.models import Booking
from bookings.services.groups import change_group_session, offer_group_session
from bookings.views.facts import state_of
from mentormatch import times
from mentormatch.auth import LoggedInRequest, own_mentor
from mentormatch.errors import Conflict, InvalidInput
from mentormatch.ui.forms import posted, render_invalid
from payments.services import call_off_group
from sessions_app.models import Session

PAGE_SIZE = 20


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: LoggedInRequest) -> HttpResponse:
    """What is offered, and what was; POST offers another one."""
    mentor = own_mentor(request)
    form = OfferForm(posted(request), mentor=mentor)
    if form.is_valid():
        try:
            offer_group_session(mentor=mentor, **form.said())
        except (Conflict, InvalidInput) as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("Offered. It is in the public list now."))
            return redirect("bookings:group_dashboard")
    mine, now = GroupSession.objects.filter(mentor=mentor), times.now()
    past = mine.exclude(status=GroupSession.Status.SCHEDULED, ends_at__gt=now)
    context = {
        "mentor": mentor,
        "form": form,
        "upcoming": mine.still_on().filter(ends_at__gt=now).order_by("starts_at"),
        "page": Paginator(past, PAGE_SIZE).get_page(request.GET.get("page")),
    }
    show = render_invalid if form.is_bound else render
    return show(request, "bookings/group_dashboard.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: LoggedInRequest, code: str) -> HttpResponse:
    """One's own group session: who comes, and what of it can still be changed."""
    group = _own(request, code)
    form = ChangeForm(posted(request), group=group)
    if form.is_valid():
        try:
            change_group_session(group=group, by=request.user, **form.said())
        except (Conflict, InvalidInput) as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("Saved. Everyone sees it like that now."))
            return redirect("bookings:group_edit", code)
    taken = group.bookings.exclude(status=Booking.Status.CANCELLED).with_people()
    context = {
        "group": group,
        "form": form,
        "seats": [(seat, state_of(seat)) for seat in taken.order_by("created_at")],
        "session": Session.objects.filter(group_session=group, status__in=Session.LIVE).first(),
    }
    show = render_invalid if form.is_bound else render
    return show(request, "bookings/group_edit.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: LoggedInRequest, code: str) -> HttpResponse:
    """Call the whole off. GET says what goes back, before anything happens."""
    group = _own(request, code)
    form = ReasonForm(
        posted(request),
        submit=_("Call it off"),
        back_url=reverse("bookings:group_edit", args=[code]),
    )
    if form.is_valid():
        call_off_group(group=group, by=request.user, **form.cleaned_data)
        messages.success(request, _("It is called off. Everyone who has a seat gets a mail."))
        return redirect("bookings:group_edit", code)
    if not group.is_on:
        raise Conflict(_("It isn't on any more."))
    paid = group.bookings.filter(status=Booking.Status.CONFIRMED)
    context = {
        "group": group,
        "form": form,
        "seats": paid.count(),
        "refund_minor": paid.aggregate(whole=Sum("price_minor"))["whole"] or 0,
    }
    show = render_invalid if form.is_bound else render
    return show(request, "bookings/group_cancel.html", context)


def _own(request: LoggedInRequest, code: str) -> GroupSession:
    """One's own; 404 for all others."""
    mine = GroupSession.objects.with_mentor().filter(mentor__user=request.user)
    return get_object_or_404(mine, code=code)
