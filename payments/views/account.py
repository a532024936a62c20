"""What a person paid and got back."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Min
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from mentormatch import times
from mentormatch.auth import LoggedInRequest
from payments import earnings, statements
from payments.earnings import Chosen
from payments.models import Transaction
from payments.views.months import month_choices

PAGE_SIZE = 20
KINDS = tuple(
    (value, label) for value, label in Transaction.Type.choices if value != Transaction.Type.PAYOUT
)


@login_required
@require_safe
def payments(request: LoggedInRequest) -> HttpResponse:
    """All payments and refunds of the reader, each with its receipt. `?type=&month=2026-11`."""
    zone, mine = timezone.get_current_timezone(), statements.paid_by(request.user)
    chosen = Chosen.read({name: request.GET.get(name, "") for name in ("type", "month")})
    rows = chosen.of(mine, zone)
    first_at = mine.order_by().aggregate(first=Min("moved_at"))["first"]
    present = earnings.months_back(times.now(), zone, 1)[0]
    page = {
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "chosen": chosen,
        "kinds": KINDS,
        "months": month_choices(first_at, present, zone),
    }
    return render(request, "payments/account.html", page)
