"""What the mails say: in the reader's language and zone, and nothing they shouldn't."""

import datetime as dt
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from mentormatch import times
from mentormatch.notifications.models import Mail
from mentormatch.notifications.rendering import write
from sessions_app import room
from tests.factories import (
    BookingFactory,
    MailFactory,
    SessionFactory,
    SubscriptionFactory,
    open_every_day,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_engine,
    pytest.mark.usefixtures("now"),
]
KINDS = sorted(
    path.stem
    for path in Path(settings.BASE_DIR, "templates", "mail").glob("*.html")
    if not path.stem.startswith("_")
)
OF_A_BOOKING = [
    kind for kind in KINDS if not kind.startswith(("account_", "mentor_", "subscription_"))
]
LINKS = ("activate_url", "password_reset_url", "signup_url")


@pytest.fixture
def booking(now):
    """Wednesday, ten o'clock in Berlin, four in the morning in New York."""
    booking = BookingFactory(
        starts_at=now + dt.timedelta(days=2),
        mentee__full_name="Zoë Łukasiewicz",
        mentee__time_zone="America/New_York",
        mentor__user__full_name="Ada <b>Lovelace",
        notes='Sums & "differences" <i>',
        cancellation_reason="Ill, sorry <u>",
        cancelled_by="mentor",
    )
    SessionFactory(booking=booking)
    open_every_day(booking.mentor, always=True)
    return booking


def mail_to(recipient, kind, booking, **context) -> Mail:
    snapshot = {
        "booking": booking.code,
        "starts_at": times.format_instant(booking.starts_at),
        "ends_at": times.format_instant(booking.ends_at),
        "previous_start_at": times.format_instant(booking.starts_at - dt.timedelta(days=1)),
        "object_until_at": times.format_instant(booking.ends_at + dt.timedelta(days=2)),
        "sequence": 0,
        "by": "mentor",
        "amount_minor": 6000,
        "currency": "eur",
        "refund_minor": 6000,
        "was_confirmed": True,
        "reason": "Say what you <b>did</b>.",
        "title": "A notice",
        "failure_code": "account_closed",
        "due": ["individual.verification.document"],
        "body": "Some words",
        **{name: f"https://example.org/{name}" for name in LINKS},
    }
    if kind.startswith("subscription_"):
        row = SubscriptionFactory(mentee=booking.mentee, plan__mentor=booking.mentor)
        period_ends_at = times.format_instant(row.current_period_end)
        names = ("period_ends_at", "paid_from_at", "paid_until_at")
        snapshot = dict.fromkeys(names, period_ends_at) | {"subscription": row.code}
        snapshot |= {"charge": "tx-1", "amount_minor": 10000, "net_minor": 9000, "currency": "eur"}
    return MailFactory(recipient=recipient, kind=kind, context=snapshot | context)


class _Checker(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.assets: list[str] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.assets += [v for k, v in attrs if k in {"src", "background", "srcset"}]
        self.assets += [tag] if tag in {"link", "script", "img", "iframe"} else []
        if tag not in {"meta", "br", "link", "img"}:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        self.words += data


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_mail_has_a_subject_and_both_texts(booking, kind, language):
    for reader in (booking.mentee, booking.mentor.user):
        reader.language = language
        reader.save()
        written = write(mail_to(reader, kind, booking))
        assert written.subject
        assert "\n" not in written.subject
        checked = _Checker(written.html)
        assert checked.stack == []
        assert checked.assets == []
        for words in (written.subject, written.text, checked.words):
            assert not re.search(r"\{[{%]|None|&(amp|lt|quot|#)", words), words
        assert written.subject in checked.words
        assert settings.SITE_URL in written.text


@pytest.mark.parametrize("kind", OF_A_BOOKING)
def test_times_are_the_readers_own_and_named(booking, kind):
    mentee = write(mail_to(booking.mentee, kind, booking))
    mentor = write(mail_to(booking.mentor.user, kind, booking))
    for text in (mentee.text, _Checker(mentee.html).words):
        assert "Wednesday, 3 June 2026, 04:00 to 05:00 (America/New York time)" in text
    for text in (mentor.text, _Checker(mentor.html).words):
        assert "Wednesday, 3 June 2026, 10:00 to 11:00 (Europe/Berlin time)" in text


@pytest.mark.parametrize("kind", ["booking_confirmed", "booking_cancelled", "booking_declined"])
def test_what_people_wrote_is_text(booking, kind):
    written = write(mail_to(booking.mentee, kind, booking))
    assert 'Sums & "differences" <i>' in written.text
    assert "Sums &amp; &quot;differences&quot; &lt;i&gt;" in written.html
    assert "Ada <b>Lovelace" in written.subject
    for tag in ("<b>", "<i>", "<u>"):
        assert tag not in written.html


@pytest.mark.parametrize("kind", ["mentor_sent_back", "mentor_suspended"])
def test_a_mentor_reads_why_and_where_to_go(booking, kind):
    written = write(mail_to(booking.mentor.user, kind, booking))
    assert "Say what you <b>did</b>." in written.text
    assert "Say what you &lt;b&gt;did&lt;/b&gt;." in written.html
    assert f"{settings.SITE_URL}{reverse('mentors:edit')}" in written.text


def test_a_name_cant_add_a_header(booking):
    booking.mentor.user.full_name = "Ada\r\nBcc: all@example.org\u2028X"
    booking.mentor.user.save()
    written = write(mail_to(booking.mentee, "booking_confirmed", booking))
    assert len(written.subject.splitlines()) == 1


def test_a_confirmation_leads_to_the_room_and_the_booking(booking):
    written = write(mail_to(booking.mentee, "booking_confirmed", booking))
    address = reverse("bookings:detail", args=[booking.code])
    assert f"{settings.SITE_URL}{address}" in written.text
    assert room.url_of(booking.seat.session) in written.text


def test_the_receipt_names_the_amount_and_the_terms_but_no_fee(booking):
    written = write(mail_to(booking.mentee, "payment_received", booking))
    assert written.subject == "Receipt: €60.00"
    assert "Until Tuesday, 2 June 2026, 04:00 (America/New York time)" in written.text
    assert booking.platform_fee_minor == 600
    for text in (written.text, _Checker(written.html).words):
        assert "6.00" not in text.replace("60.00", "")
        assert "fee" not in text.lower()


def test_a_booking_at_short_notice_doesnt_promise_a_refund(booking):
    booking.free_cancellation_until = times.now() - dt.timedelta(minutes=1)
    booking.save()
    written = write(mail_to(booking.mentee, "booking_confirmed", booking))
    assert "nothing comes back" in written.text
    assert "Until" not in written.text


@pytest.mark.parametrize(
    "refund, price, expected, unexpected",
    [
        (6000, 6000, "€60.00 go back to the card", "Nothing comes back"),
        (0, 6000, "Nothing comes back", "go back"),
        (0, 0, "", "back"),
    ],
)
def test_a_cancellation_says_what_comes_back(booking, refund, price, expected, unexpected):
    booking.price_minor, booking.platform_fee_minor = price, 0
    booking.save()
    written = write(mail_to(booking.mentee, "booking_cancelled", booking, refund_minor=refund))
    assert expected in written.text
    assert unexpected not in written.text
    told = write(mail_to(booking.mentor.user, "booking_cancelled", booking, refund_minor=refund))
    assert "back" not in told.text


def test_a_declined_request_suggests_three_others(booking):
    written = write(mail_to(booking.mentee, "booking_declined", booking))
    assert "Free near that time:" in written.text
    assert written.text.count("(America/New York time)") == 4
    booking.mentor.status = booking.mentor.Status.SUSPENDED
    booking.mentor.save()
    assert "Free near" not in write(mail_to(booking.mentee, "booking_declined", booking)).text


def test_without_a_person_the_mail_is_in_the_language_of_who_asked():
    mail = MailFactory(
        recipient=None,
        to_address="nobody@example.org",
        kind="account_unknown_account",
        context={"language": "de", "signup_url": "https://example.org/up"},
    )
    assert 'lang="de"' in write(mail).html
