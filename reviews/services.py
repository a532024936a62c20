"""The verbs of reviews. A mentor's public figures follow each of them."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bookings.absence_models import Absence
from bookings.models import Booking
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict, Forbidden, InvalidInput, NotFound
from mentormatch.mentors.services import record_rating
from reviews.models import Review
from sessions_app.models import Session


def write_review(
    *,
    session: Session,
    reviewer: User,
    rating: int,
    comment: str = "",
    is_public: bool = True,
    now: dt.datetime | None = None,
) -> Review:
    """What a mentee says of a session, once it is completed; once for each session and mentee.

    Raises `Forbidden` for the mentor, `Conflict`: `invalid_state` before completion and for a
    mentee who, as staff found, wasn't there, `already_reviewed`, and `InvalidInput` for anything
    but 1 to 5 stars.
    """
    check_may_write(session=session, reviewer=reviewer)
    if not 1 <= rating <= 5:
        raise InvalidInput(_("Give one to five stars."), field="rating")
    comment = comment.strip()
    if len(comment) > Review.COMMENT_LENGTH:
        raise InvalidInput(
            _("Keep it within %d characters.") % Review.COMMENT_LENGTH, field="comment"
        )
    with transaction.atomic():
        review = _create(
            Review(
                session=session,
                mentor=session.mentor,
                reviewer=reviewer,
                rating=rating,
                comment=comment,
                is_public=is_public,
                created_at=now or times.now(),
            )
        )
        _count(review, +1)
    return review


def _create(review: Review) -> Review:
    try:
        # Completed is for good, so there is nothing to lock; the constraint decides a race.
        with transaction.atomic():
            review.save(force_insert=True)
    except IntegrityError as error:
        raise _already_reviewed() from error
    return review


def check_may_write(*, session: Session, reviewer: User) -> None:
    """Raise what `write_review` would, before anyone has typed a word."""
    if session.is_led_by(reviewer):
        raise Forbidden(_("A session is reviewed by the mentee."))
    booking = session.booking_of(reviewer)
    if booking is None:
        raise NotFound
    _check_may_review(session, booking)


def may_write(*, session: Session, booking: Booking) -> bool:
    """Whether the booking's mentee can review its session now."""
    try:
        _check_may_review(session, booking)
    except Conflict:
        return False
    return True


def _check_may_review(session: Session, booking: Booking) -> None:
    if session.status != Session.Status.COMPLETED or booking.status not in Booking.TOOK_PLACE:
        raise Conflict(_("You can review the session once it is over."))
    absence: Absence | None = getattr(booking, "absence", None)
    if absence is not None and absence.is_upheld and absence.is_about(Booking.Side.MENTEE):
        raise Conflict(_("You weren't at this session, so there is nothing to review."))
    if Review.objects.filter(session=session, reviewer=booking.mentee_id).exists():
        raise _already_reviewed()


def _already_reviewed() -> Conflict:
    return Conflict(_("You have already reviewed this session."), code="already_reviewed")


def _count(review: Review, sign: int) -> None:
    """Add a public review to the mentor's figures, or take it out of them."""
    if sign and review.is_public:
        record_rating(
            mentor_id=review.mentor_id, stars_delta=sign * review.rating, count_delta=sign
        )


@transaction.atomic
def delete_review(*, review: Review, by: User) -> None:
    """Its writer takes it back, and may write another.

    Raises `Forbidden` for anyone else, `Conflict` while staff hide it: else deleting it and
    writing it again would undo what they decided.
    """
    if review.reviewer_id != by.pk:
        raise Forbidden(_("Only who wrote a review can delete it."))
    locked = Review.objects.select_for_update().filter(pk=review.pk).first()
    if locked is None:
        raise NotFound
    if locked.hidden_at is not None:
        raise Conflict(_("Our staff have hidden this review. Write to us about it."))
    _count(locked, -1)
    locked.delete()


@transaction.atomic
def hide_review(*, review: Review, by: User, reason: str, now: dt.datetime | None = None) -> Review:
    """Staff take a review out of sight and out of the figures, saying why. Safe to repeat."""
    _check_staff(by)
    reason = reason.strip()
    if not reason:
        raise InvalidInput(_("Give a reason."), field="reason")
    now = now or times.now()
    changed = Review.objects.filter(pk=review.pk, hidden_at__isnull=True).update(
        hidden_at=now, hidden_by=by, hidden_reason=reason[:300], updated_at=now
    )
    return _follow(review, -1 if changed else 0)


@transaction.atomic
def restore_review(*, review: Review, by: User, now: dt.datetime | None = None) -> Review:
    """Staff put a hidden review back where it was. Safe to repeat."""
    _check_staff(by)
    changed = Review.objects.filter(pk=review.pk, hidden_at__isnull=False).update(
        hidden_at=None, hidden_by=None, hidden_reason="", updated_at=now or times.now()
    )
    return _follow(review, +1 if changed else 0)


def _follow(review: Review, sign: int) -> Review:
    stored = Review.objects.filter(pk=review.pk).first()
    if stored is None:
        raise NotFound
    _count(stored, sign)
    return stored


def _check_staff(user: User) -> None:
    if not user.is_staff:
        raise Forbidden
