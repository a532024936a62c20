"""The start page."""

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bookings.calendar import next_slots
from mentormatch import times
from mentormatch.mentors.models import MentorProfile, Topic
from mentormatch.ui.forms import SearchForm

MENTORS_SHOWN = 6
TOPICS_SHOWN = 8


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this is, for someone who has never seen it, and a few people to meet."""
    listed = MentorProfile.objects.listed().for_cards()
    mentors = list(listed.order_by("-review_count", "pk")[:MENTORS_SHOWN])
    free = next_slots(mentors, now=times.now())
    helped_with = Topic.objects.filter(mentors__in=MentorProfile.objects.listed())
    topics = helped_with.annotate(offered=Count("mentors"))
    context = {
        "form": SearchForm(),
        "cards": [{"mentor": mentor, "next_slot": free[mentor.pk]} for mentor in mentors],
        "topics": topics.order_by("-offered", "name")[:TOPICS_SHOWN],
        "fee_percent": settings.PLATFORM_FEE_PERCENT,
        "payout_hours": settings.PAYOUT_DELAY_HOURS,
    }
    return render(request, "home.html", context)
