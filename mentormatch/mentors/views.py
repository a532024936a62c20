"""Finding a mentor, their public page, and one's own profile."""

from typing import Any
from urllib.parse import quote, urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bookings import calendar
from bookings.group_models import GroupSession
from bookings.models import Booking
from bookings.slots import Slot
from bookings.views.picker import Offer, offers, slot_picker
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.auth import LoggedInRequest
from mentormatch.errors import DomainError, InvalidInput
from mentormatch.mentors import services
from mentormatch.mentors.forms import ProfileForm, SearchForm
from mentormatch.mentors.languages import language_name
from mentormatch.mentors.models import MentorProfile
from mentormatch.ui.forms import ActionForm, posted, render_invalid
from payments.models import Plan
from reviews.models import Review

PAGE_SIZE = 12
REVIEWS_SHOWN = 20
GROUPS_SHOWN = 5


@require_safe
def mentor_list(request: HttpRequest) -> HttpResponse:
    """The search. A filter that makes no sense is named, and the others still hold."""
    form = SearchForm(request.GET)
    is_valid = form.is_valid()
    found = MentorProfile.objects.listed().matching(**form.criteria()).for_cards()
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    soonest = calendar.next_slots(page.object_list, now=times.now())
    context = {
        "form": form,
        "page": page,
        "cards": [{"mentor": mentor, "next_slot": soonest[mentor.pk]} for mentor in page],
    }
    return (render if is_valid else render_invalid)(request, "mentors/list.html", context)


@require_safe
def mentor_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """A mentor's public page; a profile that isn't listed is there for its owner only."""
    now = times.now()
    # The topics of one mentor are read where they are shown: fetching them ahead costs twice that.
    visible = MentorProfile.objects.visible_to(request.user).select_related("user")
    # Most sell neither: whoever doesn't costs no query more.
    visible = visible.annotate(
        has_groups=Exists(GroupSession.objects.of_mentor(OuterRef("pk"), now)),
        has_plans=Exists(Plan.objects.offered().filter(mentor=OuterRef("pk"))),
    )
    if isinstance(request.user, User):
        trials = Booking.objects.trials_of(request.user, OuterRef("pk"))
        visible = visible.annotate(had_trial=Exists(trials))
    mentor = get_object_or_404(visible, slug=slug)
    made = offers(mentor, request, had_trial=getattr(mentor, "had_trial", False))
    chosen = next((offer for offer in made if offer.is_chosen), None)
    public = Review.objects.public().filter(mentor=mentor)
    reviews, shares = public.told(REVIEWS_SHOWN) if mentor.review_count else ([], {})
    context = {
        "mentor": mentor,
        "languages": [language_name(code) for code in mentor.languages],
        "offers": made,
        "chosen": chosen,
        "picker": _picker(request, mentor, chosen),
        "reviews": reviews,
        "shares": shares.items(),
        "is_own": mentor.user_id == request.user.pk,
        "group_sessions": GroupSession.objects.of_mentor(mentor, now)[:GROUPS_SHOWN],
    }
    return render(request, "mentors/detail.html", context)


def _picker(request: HttpRequest, mentor: MentorProfile, chosen: Offer | None) -> Any:
    if chosen is None or not chosen.is_payable or not mentor.is_listed:
        return None
    address = reverse("bookings:book", args=[mentor.slug])
    words = {"duration_minutes": chosen.duration_minutes, "session_type": chosen.session_type}
    kept = urlencode(words)

    def link(slot: Slot) -> str:
        return f"{address}?starts_at={quote(times.format_instant(slot.starts_at))}&{kept}"

    return slot_picker(
        mentor,
        request,
        session_type=chosen.session_type,
        duration_minutes=chosen.duration_minutes,
        link=link,
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: LoggedInRequest) -> HttpResponse:
    """Become a mentor, and change one's profile later."""
    mentor = MentorProfile.objects.filter(user=request.user).select_related("user").first()
    form = ProfileForm(posted(request), user=request.user, mentor=mentor)
    if form.is_valid():
        try:
            services.create_or_update_profile(user=request.user, **form.profile())
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Your profile is saved."))
            return redirect("mentors:edit")
    context = {"form": form, "mentor": mentor, "submit_form": _submit_form(mentor)}
    return (render_invalid if form.is_bound else render)(request, "mentors/edit.html", context)


def _submit_form(mentor: MentorProfile | None) -> ActionForm | None:
    if mentor is None or mentor.status != MentorProfile.Status.DRAFT:
        return None
    return ActionForm(action=reverse("mentors:submit"), submit=_("Submit for review"))


@login_required
@require_POST
def submit(request: LoggedInRequest) -> HttpResponse:
    mentor = get_object_or_404(MentorProfile.objects.select_related("user"), user=request.user)
    try:
        services.submit_for_review(mentor=mentor)
    except InvalidInput as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Thank you! We look at it and write to you."))
    return redirect("mentors:edit")
