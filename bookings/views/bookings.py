"""One's bookings: the list, and one of them."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from bookings.models import Booking
from bookings.views.facts import other_side, shown, state_of
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.auth import LoggedInRequest
from mentormatch.mentors.models import MentorProfile

PAGE_SIZE = 10


def own_booking(user: User, code: str) -> Booking:
    """One's booking with all that its pages name; 404 for strangers."""
    mine = Booking.objects.for_user(user).with_session().select_related("absence")
    return get_object_or_404(mine, code=code)


@login_required
@require_safe
def listing(request: LoggedInRequest) -> HttpResponse:
    """`?tab=past` and `?role=mentee|mentor` choose; what is to come and both roles without."""
    user, now = request.user, times.now()
    tab = "past" if request.GET.get("tab") == "past" else "upcoming"
    role = request.GET.get("role", "")
    mine = Booking.objects.in_role(user, role).with_session()
    found = mine.past(now) if tab == "past" else mine.upcoming(now)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "tab": tab,
        "role": role,
        "page": page,
        "rows": [_row(booking, user) for booking in page],
        "is_mentor": MentorProfile.objects.filter(user=user).exists(),
    }
    return render(request, "bookings/list.html", context)


@login_required
@require_safe
def detail(request: LoggedInRequest, code: str) -> HttpResponse:
    booking = own_booking(request.user, code)
    return render(request, "bookings/detail.html", shown(booking, request.user, times.now()))


def _row(booking: Booking, user: User) -> dict[str, object]:
    is_mentee = booking.mentee_id == user.pk
    return {
        "booking": booking,
        "other": other_side(booking, user),
        "state": state_of(booking),
        "can_pay": is_mentee and booking.is_to_pay,
        "can_answer": not is_mentee and booking.is_to_answer,
    }
