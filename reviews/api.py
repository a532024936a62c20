"""Reviews for programs."""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Status

from mentormatch.auth import LoggedInRequest, optional_auth
from mentormatch.idempotency.api import idempotent
from mentormatch.mentors.models import MentorProfile
from mentormatch.schemas import PageQuery, RowId, paginate
from reviews import services
from reviews.models import Review
from reviews.schemas import MentorReviews, ReviewIn, ReviewOut, SessionReviews
from sessions_app.models import Session

router = Router(tags=["Reviews"])


@router.post("", response={201: ReviewOut}, summary="Review a session (mentee)")
@idempotent
def write(request: LoggedInRequest, payload: ReviewIn) -> Status[ReviewOut]:
    sessions = Session.objects.for_user(request.user).with_people()
    review = services.write_review(
        session=get_object_or_404(sessions, code=payload.session_id),
        reviewer=request.user,
        rating=payload.rating,
        comment=payload.comment,
        is_public=payload.is_public,
    )
    return Status(201, ReviewOut.of(review))


@router.get(
    "/mentor/{mentor_id}", response=MentorReviews, auth=optional_auth, summary="A mentor's reviews"
)
def of_mentor(request: HttpRequest, mentor_id: RowId, query: Query[PageQuery]) -> MentorReviews:
    """Latest first. A private review is among the items of its writer, the mentor and staff."""
    mentors = MentorProfile.objects.visible_to(request.user)
    mentor = get_object_or_404(mentors, pk=mentor_id)
    about = Review.objects.filter(mentor=mentor)
    page = paginate(about.visible_to(request.user).with_people(), query)
    average = mentor.average_rating
    return MentorReviews(
        average_rating=None if average is None else float(average),
        review_count=mentor.review_count,
        distribution={str(stars): n for stars, n in about.public().distribution().items()},
        items=[ReviewOut.of(review) for review in page["items"]],
        count=page["count"],
    )


@router.get(
    "/session/{slug:session_id}",
    response=ReviewOut | SessionReviews,
    summary="A session's reviews: the mentee's own, or for the mentor all of them",
)
def of_session(request: LoggedInRequest, session_id: str) -> ReviewOut | SessionReviews:
    sessions = Session.objects.for_user(request.user).select_related("mentor")
    session = get_object_or_404(sessions, code=session_id)
    reviews = Review.objects.filter(session=session).with_people()
    if not session.is_led_by(request.user):
        return ReviewOut.of(get_object_or_404(reviews, reviewer=request.user))
    seen = reviews.visible_to(request.user)
    return SessionReviews(items=[ReviewOut.of(review) for review in seen])


@router.delete("/{slug:review_id}", response={204: None}, summary="Delete one's review")
def delete(request: LoggedInRequest, review_id: str) -> Status[None]:
    review = get_object_or_404(Review.objects.for_user(request.user), code=review_id)
    services.delete_review(review=review, by=request.user)
    return Status(204, None)
