"""Receipts and statements: pages for paper, in the reader's language."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mentormatch import times
from mentormatch.auth import LoggedInRequest, own_mentor
from mentormatch.errors import Forbidden
from payments import earnings, statements


@login_required
@require_safe
def receipt(request: LoggedInRequest, code: str) -> HttpResponse:
    """What was paid for one thing, and what of it went back: the payer's alone."""
    charge = get_object_or_404(statements.receivable(request.user), code=code)
    if charge.mentee_id != request.user.pk:
        raise Forbidden(_("A receipt is for the person who paid."))
    refunds = statements.refunds_of(charge)
    page = {
        "charge": charge,
        "booking": charge.session_booking,
        "refunds": refunds,
        "left_minor": charge.amount_minor - sum(row.amount_minor for row in refunds),
    }
    return render(request, "payments/receipt.html", page)


@login_required
@require_safe
def statement(request: LoggedInRequest, month: str) -> HttpResponse:
    """A month of a mentor's account: `2026-11`. The present one is said to be unfinished."""
    mentor, zone = own_mentor(request), timezone.get_current_timezone()
    day, present = earnings.read_month(month), earnings.months_back(times.now(), zone, 1)[0]
    if day is None or day > present:
        raise Http404
    page = {
        "mentor": mentor,
        "number": f"{mentor.slug}-{month}",
        "statement": statements.statement_of(mentor, day, zone),
        "is_unfinished": day == present,
        "now": times.now(),
    }
    return render(request, "payments/statement.html", page)
