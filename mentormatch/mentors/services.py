"""The verbs of a mentor's profile, and the one writer of its state and of its figures."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Unpack

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.dispatch import Signal
from django.utils.text import slugify
from django.utils.translation import gettext as _

from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict, InvalidInput, TryAgain
from mentormatch.mentors import signals
from mentormatch.mentors.models import MentorProfile, Topic
from mentormatch.mentors.profile import MAX_TOPICS, ProfileFields, check_profile

Status = MentorProfile.Status


def create_or_update_profile(
    *, user: User, now: dt.datetime | None = None, **fields: Unpack[ProfileFields]
) -> MentorProfile:
    """Write a mentor's own part of their profile; what isn't given stays as it was.

    Raises `InvalidInput` naming each field at fault. The address follows the name until the
    profile is listed for the first time, and stays from then on. Safe to repeat.
    """
    values: dict[str, Any] = dict(fields)
    topics, name = values.pop("topics", None), values.pop("full_name", "").strip()
    if topics is not None and len(topics) > MAX_TOPICS:
        raise InvalidInput(
            _("Choose up to %(most)d topics.") % {"most": MAX_TOPICS}, field="topics"
        )
    try:
        return _write_profile(user, values, name, topics, now)
    except IntegrityError as error:
        # Another profile took the same address at the same moment: the next try gives another.
        raise TryAgain from error


@transaction.atomic
def _write_profile(
    user: User,
    values: dict[str, Any],
    name: str,
    topics: Sequence[Topic] | None,
    now: dt.datetime | None,
) -> MentorProfile:
    # Lock the person: two tabs may both be about to create the profile.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    mentor = MentorProfile.objects.filter(user=user).first() or _new_profile(user, now)
    for field, value in values.items():
        setattr(mentor, field, value)
    mentor.lengths = sorted(set(mentor.lengths))
    check_profile(vars(mentor), settings.SETTLEMENT_CURRENCIES)
    if name and name != user.full_name:
        user.full_name = name
        user.save(update_fields=["full_name"])
    if mentor.listed_at is None:
        mentor.slug = _free_slug(mentor)
    _save_own_part(mentor, values)
    if topics is not None:
        mentor.topics.set(topics)
    return mentor


def submit_for_review(*, mentor: MentorProfile, now: dt.datetime | None = None) -> MentorProfile:
    """draft → in review. Raises `InvalidInput` where the profile still lacks something."""
    if not mentor.user.full_name:
        raise InvalidInput(_("Tell us your name first: mentees see it."), field="full_name")
    if not mentor.headline or not mentor.bio:
        raise InvalidInput(_("Write a headline and something about you first."), field="bio")
    if not mentor.topics.exists():
        raise InvalidInput(_("Choose at least one topic first."), field="topics")
    return _move(mentor, {Status.DRAFT}, Status.IN_REVIEW, now)


def approve(*, mentor: MentorProfile, now: dt.datetime | None = None) -> MentorProfile:
    """draft or in review → listed, once the owner has shown that their address is theirs."""
    _require_verified_address(mentor)
    now = now or times.now()
    sources = {Status.DRAFT, Status.IN_REVIEW}
    return _decide(mentor, sources, Status.LISTED, now, signals.mentor_listed, listed_at=now)


def send_back(
    *, mentor: MentorProfile, reason: str, now: dt.datetime | None = None
) -> MentorProfile:
    """in review → draft: the owner sees the reason, and may submit it again."""
    said = _said(reason)
    sources = {Status.IN_REVIEW}
    return _decide(mentor, sources, Status.DRAFT, now, signals.mentor_sent_back, reason=said)


def suspend(*, mentor: MentorProfile, reason: str, now: dt.datetime | None = None) -> MentorProfile:
    """in review or listed → suspended; what is booked stays booked. The owner sees the reason."""
    said = _said(reason)
    sources = {Status.IN_REVIEW, Status.LISTED}
    return _decide(mentor, sources, Status.SUSPENDED, now, signals.mentor_suspended, reason=said)


def relist(*, mentor: MentorProfile, now: dt.datetime | None = None) -> MentorProfile:
    """suspended → listed."""
    _require_verified_address(mentor)
    now = now or times.now()
    since = mentor.listed_at or now
    sources = {Status.SUSPENDED}
    return _decide(mentor, sources, Status.LISTED, now, signals.mentor_listed, listed_at=since)


def record_payability(*, mentor_id: int, is_payable: bool) -> None:
    """Whether Stripe can send money there. Safe to repeat."""
    MentorProfile.objects.filter(pk=mentor_id).update(is_payable=is_payable, updated_at=times.now())


def record_session(*, mentor_id: int) -> None:
    """One more completed session. Not safe to repeat: call it once, where it is completed."""
    MentorProfile.objects.filter(pk=mentor_id).update(total_sessions=F("total_sessions") + 1)


def record_rating(*, mentor_id: int, stars_delta: int, count_delta: int) -> None:
    """A public review came (+), went (-) or changed. Not safe to repeat."""
    MentorProfile.objects.filter(pk=mentor_id).update(
        rating_sum=F("rating_sum") + stars_delta, review_count=F("review_count") + count_delta
    )


def _said(reason: str) -> str:
    if not reason.strip():
        raise InvalidInput(_("Say why: the mentor will read it."), field="reason")
    return reason.strip()


@transaction.atomic
def _decide(
    mentor: MentorProfile,
    sources: set[Status],
    target: Status,
    now: dt.datetime | None,
    told: Signal,
    **values: Any,
) -> MentorProfile:
    """A move that its owner hears of."""
    moved = _move(mentor, sources, target, now, **values)
    told.send(MentorProfile, mentor=moved)
    return moved


def _move(
    mentor: MentorProfile,
    sources: set[Status],
    target: Status,
    now: dt.datetime | None,
    *,
    reason: str = "",
    listed_at: dt.datetime | None = None,
) -> MentorProfile:
    """The one writer of `status`: compare and swap, and the loser is told."""
    now = now or times.now()
    values: dict[str, Any] = {"listed_at": listed_at} if listed_at else {}
    moved = MentorProfile.objects.filter(pk=mentor.pk, status__in=sources).update(
        status=target, status_reason=reason[:300], updated_at=now, **values
    )
    if not moved:
        raise Conflict
    mentor.refresh_from_db()
    return mentor


def _new_profile(user: User, now: dt.datetime | None) -> MentorProfile:
    now = now or times.now()
    zone = user.time_zone
    return MentorProfile(user=user, languages=["en"], time_zone=zone, created_at=now)


def _save_own_part(mentor: MentorProfile, values: dict[str, Any]) -> None:
    """Save what its owner decides, and not what others may have written meanwhile."""
    if mentor._state.adding:
        mentor.save()
    else:
        mentor.save(update_fields=[*values, "lengths", "slug", "updated_at"])


def _free_slug(mentor: MentorProfile) -> str:
    """An address made from the name that no other profile has."""
    stem = slugify(mentor.name)[:60] or "mentor"
    taken = set(
        MentorProfile.objects.filter(slug__startswith=stem)
        .exclude(user=mentor.user_id)
        .values_list("slug", flat=True)
    )
    number, slug = 2, stem
    while slug in taken:
        slug, number = f"{stem}-{number}", number + 1
    return slug


def _require_verified_address(mentor: MentorProfile) -> None:
    if not EmailAddress.objects.filter(
        user=mentor.user_id, email__iexact=mentor.user.email, verified=True
    ).exists():
        raise Conflict(
            _("%(name)s hasn't verified their e-mail address yet.") % {"name": mentor.name},
            code="address_not_verified",
        )
