"""A mentor's own group sessions, on their dashboard."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bookings.forms.groups import OfferForm
from bookings.group_models import GroupSession
from bookings.services.groups import offer_group_session
from mentormatch import times
from mentormatch.auth import LoggedInRequest
from mentormatch.errors import Conflict, Forbidden, InvalidInput
from mentormatch.mentors.models import MentorProfile
from mentormatch.ui.forms import posted, render_invalid

PAGE_SIZE = 20


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: LoggedInRequest) -> HttpResponse:
    """What is offered, and what was; POST offers another one."""
    mentor = own_profile(request)
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


def own_profile(request: LoggedInRequest) -> MentorProfile:
    """The mentor profile of whoever asks; `Forbidden` for those who have none."""
    mentor = MentorProfile.objects.select_related("user").filter(user=request.user).first()
    if mentor is None:
        raise Forbidden(_("Only mentors offer group sessions: create your mentor profile first."))
    return mentor
