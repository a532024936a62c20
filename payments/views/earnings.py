"""What a mentor sees of their money."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mentormatch.auth import LoggedInRequest
from payments import trail
from payments.views.access import the_mentor

PAGE_SIZE = 20


@login_required
@require_safe
def earnings(request: LoggedInRequest) -> HttpResponse:
    """What a mentor earned, booking by booking."""
    mentor = the_mentor(request)
    paginator = Paginator(trail.charges_of(mentor), PAGE_SIZE)
    found = paginator.get_page(request.GET.get("page"))
    page = {
        "mentor": mentor,
        "totals": trail.totals_of(mentor),
        "page": found,
        "trails": trail.trails(found),
        "delay_hours": settings.PAYOUT_DELAY_HOURS,
    }
    return render(request, "payments/earnings.html", page)
