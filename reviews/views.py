"""Writing a review, and taking it back."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mentormatch.auth import LoggedInRequest
from mentormatch.ui.forms import ActionForm, posted, render_invalid
from payments.services import may_tip
from reviews import services
from reviews.forms import ReviewForm
from reviews.models import Review
from sessions_app.models import Session


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def write(request: LoggedInRequest, code: str) -> HttpResponse:
    sessions = Session.objects.for_user(request.user).with_people()
    session = get_object_or_404(sessions, code=code)
    own = Review.objects.filter(session=session, reviewer=request.user).first()
    if own is not None and request.method != "POST":
        return render(request, "reviews/written.html", _written(session, own))
    services.check_may_write(session=session, reviewer=request.user)
    form = ReviewForm(posted(request), cancel_url=reverse("sessions:room", args=[session.code]))
    if not form.is_valid():
        show = render_invalid if form.is_bound else render
        return show(request, "reviews/write.html", {"session": session, "form": form})
    services.write_review(session=session, reviewer=request.user, **form.cleaned_data)
    messages.success(request, _("Thank you! Your review is in."))
    return redirect("sessions:room", session.code)


def _written(session: Session, review: Review) -> dict[str, object]:
    delete_form = ActionForm(
        action=reverse("reviews:delete", args=[session.code]),
        submit=_("Delete my review"),
        kind="danger",
    )
    booking = session.booking_of(review.reviewer)
    return {
        "session": session,
        "review": review,
        "delete_form": delete_form,
        "can_tip": booking is not None and may_tip(booking, review.reviewer),
    }


@login_required
@require_POST
def delete(request: LoggedInRequest, code: str) -> HttpResponse:
    reviews = Review.objects.filter(reviewer=request.user)
    services.delete_review(review=get_object_or_404(reviews, session__code=code), by=request.user)
    messages.success(request, _("Your review is deleted."))
    return redirect("sessions:room", code)
