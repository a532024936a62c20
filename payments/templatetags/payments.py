"""`{% load payments %}`: a booking's money on any page, and the lines of an account."""

import datetime as dt
from collections.abc import Iterable, Iterator

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.models import Booking
from mentormatch import times
from mentormatch.ui.drawings import badge
from mentormatch.ui.kept import per_language
from mentormatch.ui.templatetags.mentormatch import (
    instant_tag,
    local_date,
    money,
    time_tag,
)
from payments.lines import Line
from payments.models import Transaction
from payments.standing import OF_PAYOUT, Standing, standing_of
from payments.trail import Trail, tips_of, trail_of

register = template.Library()
Status, Type = Transaction.Status, Transaction.Type
NOTHING = "–"
# The colour and the words of a standing that needs no time beside it.
STANDINGS = {
    Standing.PASSED_ON: ("paid", gettext_lazy("passed on")),
    Standing.PARTLY_TAKEN_BACK: ("refunded", gettext_lazy("partly taken back")),
    Standing.TAKEN_BACK: ("refunded", gettext_lazy("taken back")),
    Standing.ON_ITS_WAY: ("in_transit", gettext_lazy("on its way")),
    Standing.HELD_UP: ("failed", gettext_lazy("held up: we are looking at it")),
    Standing.DISPUTED: ("pending", gettext_lazy("on hold: disputed")),
    Standing.ASKED_ABOUT: ("pending", gettext_lazy("on hold: a bank asks about it")),
    Standing.ABSENCE: ("pending", gettext_lazy("on hold: who came is looked into")),
    Standing.GIVEN_BACK: ("refunded", gettext_lazy("given back")),
}


@register.simple_tag
def booking_trail(booking: Booking) -> Trail | None:
    """`{% booking_trail booking as trail %}`: what was paid, given back and passed on."""
    return trail_of(booking)


@register.simple_tag
def booking_tips(booking: Booking) -> list[Trail]:
    """`{% booking_tips booking as tips %}`: the tips that came for its session."""
    return tips_of(booking)


@register.simple_tag
@per_language
def choose(name: str, label: str, options: tuple[tuple[str, str], ...], chosen: str) -> SafeString:
    """A select of a filter, with "all" before its options."""
    made = format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        (
            (value, SafeString(" selected") if value == chosen else "", str(words).capitalize())
            for value, words in (("", _("all")), *options)
        ),
    )
    return format_html(
        '<div class="mb-3"><label class="form-label" for="id_{0}">{1}</label>'
        '<select class="form-select" name="{0}" id="id_{0}">{2}</select></div>',
        name,
        label,
        made,
    )


@register.simple_tag
@per_language
def statement_links(months: tuple[tuple[str, str], ...]) -> SafeString:
    """List items that lead to the statement of each of `month_choices`."""
    links = ((reverse("payments:statement", args=[month]), name) for month, name in months)
    return format_html_join("\n", '<li><a class="tag" href="{}">{}</a></li>', links)


@register.simple_tag
def earnings_rows(lines: Iterable[Line]) -> SafeString:
    """The table rows of a mentor's account: made here and not in the template, and each once.

    Twenty rows of six cells are most of the page. One is made anew when any of what it tells has
    changed: it is kept under all of that.
    """
    zone, year = timezone.get_current_timezone(), times.now().year
    return format_html_join("\n", "{}", ((_row(line, zone, year),) for line in lines))


@per_language
def _row(line: Line, zone: dt.tzinfo, this_year: int) -> SafeString:
    heads = [_("Paid"), _("Our fee"), _("Your balance"), _("State")]
    return format_html(
        '<tr><th scope="row">{}<span class="meta">{}</span></th>'
        '<td class="num" data-label="{}">{}</td><td class="num" data-label="{}">{}</td>'
        '<td class="num" data-label="{}"><strong>{}</strong></td>'
        '<td data-label="{}">{}</td></tr>',
        _subject(line),
        instant_tag(line.moved_at, zone, this_year),
        *_labelled(heads, [*_amounts(line), state(line)]),
    )


def _labelled(heads: list[str], cells: list[str]) -> Iterator[str]:
    for pair in zip(heads, cells, strict=True):
        yield from pair


def _subject(line: Line) -> SafeString | str:
    """What moved, and whom it was about; a link to the booking."""
    if line.booking_code is None:
        return _words(line)
    address = reverse("bookings:detail", args=[line.booking_code])
    return format_html('<a href="{}">{}</a>', address, _words(line))


def _words(line: Line) -> str:
    words = {
        Type.BOOKING: _("Session with %(who)s"),
        Type.TIP: _("Tip of %(who)s"),
        Type.SUBSCRIPTION: _("Subscription of %(who)s"),
        Type.REFUND: _("Given back to %(who)s"),
        Type.PAYOUT: _("Passed on to you, paid by %(who)s"),
    }
    return words[Type(line.type)] % {"who": line.who}


def _amounts(row: Line) -> list[str]:
    """Paid, our fee, and what it does to the mentor's balance with us; a minus where it lessens."""
    if row.status == Status.FAILED:
        return [NOTHING, NOTHING, NOTHING]
    if row.type == Type.PAYOUT:
        return [NOTHING, NOTHING, money(row.reversed_minor - row.net_minor, row.currency)]
    sign = -1 if row.type == Type.REFUND else 1
    sums = (row.amount_minor, row.platform_fee_minor, row.net_minor)
    return [money(sign * minor, row.currency) for minor in sums]


def state(row: Line) -> SafeString:
    """How it stands, in words; of a charge, where the mentor's part is."""
    if row.type == Type.REFUND:
        return refund_state(row)
    if row.type == Type.PAYOUT:
        return _part(OF_PAYOUT[Status(row.status)])
    return _part(standing_of(row), row.leaves_at)


@register.simple_tag
def payout_state(trail: Trail) -> SafeString:
    """`{% payout_state trail %}`: where the mentor's part is, and since or from when."""
    standing, payout = standing_of(trail), trail.payout
    if payout is None or standing not in {Standing.PASSED_ON, Standing.PARTLY_TAKEN_BACK}:
        return _part(standing, trail.leaves_at)
    said = format_html("{} {}", _part(Standing.PASSED_ON), time_tag(payout.succeeded_at))
    if standing == Standing.PASSED_ON:
        return said
    amount = money(payout.reversed_minor, payout.currency)
    return format_html("{}, {}", said, _("%(amount)s taken back") % {"amount": amount})


def _part(standing: Standing, leaves_at: dt.datetime | None = None) -> SafeString:
    """A standing in words."""
    if standing == Standing.LEAVES:
        return format_html("{} {}", _("leaves"), time_tag(leaves_at))
    if standing == Standing.NOT_EARNED:
        return format_html("{}", _("after the session"))
    return badge(*STANDINGS[standing])


def refund_state(row: Line | Transaction) -> SafeString:
    """How money stands that goes back."""
    if row.is_chargeback:
        return badge("failed", _("taken back by the bank"))
    if row.status == Status.SUCCEEDED:
        return badge("refunded", _("given back"))
    if row.status == Status.FAILED:
        return badge("failed", _("held up: we are looking at it"))
    return badge("in_transit", _("on its way back"))


@register.simple_tag
def subject_of(row: Transaction) -> str:
    """`{% subject_of charge %}`: what a payer paid for, or got back."""
    who = {"who": row.mentor.name}
    if row.type == Type.TIP:
        return _("Tip for %(who)s") % who
    if row.type == Type.REFUND:
        return _("Back from %(who)s") % who
    if row.subscription is not None:
        return _("%(plan)s, by %(who)s") % (who | {"plan": row.subscription.plan.title})
    return _("Session with %(who)s") % who


@register.simple_tag
def payer_state(row: Transaction) -> SafeString:
    """`{% payer_state row %}`: how a payment stands for the one who made it."""
    if row.type == Type.REFUND:
        return refund_state(row)
    if row.status == Status.REFUNDED:
        return badge("refunded", _("given back"))
    if row.status == Status.PARTIALLY_REFUNDED:
        return badge("refunded", _("partly given back"))
    return badge("paid", _("paid"))


@register.simple_tag
def statement_rows(rows: Iterable[Line]) -> SafeString:
    """The table rows of a month's statement."""
    heads = [_("Number"), _("Paid"), _("Our fee"), _("Your balance")]
    return format_html_join(
        "\n",
        '<tr><th scope="row">{}<span class="meta"><span>{}</span></span></th>'
        '<td data-label="{}"><code>{}</code></td><td class="num" data-label="{}">{}</td>'
        '<td class="num" data-label="{}">{}</td><td class="num" data-label="{}">{}</td></tr>',
        (
            (_words(row), local_date(row.moved_at), *_labelled(heads, [row.code, *_amounts(row)]))
            for row in rows
        ),
    )
