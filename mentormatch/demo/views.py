"""The demo's own pages. They are not there outside it."""

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.demo import clock, people
from mentormatch.demo.clock import Move
from mentormatch.demo.forms import ClockForm, LogInForm, WhoseMailForm
from mentormatch.errors import Conflict
from mentormatch.mentors.models import MentorProfile
from mentormatch.notifications.models import Mail

PAGE_SIZE = 20
# A mail has its styles within; nothing else of it may do anything here but lead somewhere.
MAIL_SANDBOX = "allow-popups allow-top-navigation-by-user-activation"
MAIL_CSP = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": ["data:"],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": MAIL_SANDBOX.split(),
}


def _is_public() -> bool:
    return settings.DEMO_MODE == "public"


def _viewer(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Who one can be here, and what time it is."""
    viewer, now = _viewer(request), times.now()
    log_ins = [p for p in people.LOG_INS if not (p.staff and _is_public())]
    context = {
        "log_ins": [(person, LogInForm(person=person)) for person in log_ins],
        "one_click": not _is_public(),
        "password": people.PASSWORD,
        "now": now,
        "real_now": times.real_now(),
        "is_moved": bool(times.clock_offset()),
        "moves": [ClockForm(to=to) for to in Move],
        "next_session": clock.next_session(viewer, now) if viewer else None,
        "mentor3": MentorProfile.objects.filter(user__email=people.MENTOR3.person.email).first(),
    }
    return render(request, "demo/home.html", context)


@require_POST
def log_in(request: HttpRequest) -> HttpResponse:
    """Be one of the people of the demo; not where others than this machine's can come."""
    form = LogInForm(request.POST)
    known = {person.email: person for person in people.LOG_INS}
    if _is_public() or not form.is_valid() or form.cleaned_data["email"] not in known:
        raise Http404
    user = get_object_or_404(User, email=form.cleaned_data["email"], is_active=True)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    if user.is_staff:
        return redirect("admin:index")
    is_mentor = MentorProfile.objects.filter(user=user).exists()
    return redirect("bookings:dashboard" if is_mentor else "bookings:list")


@require_POST
def move_clock(request: HttpRequest) -> HttpResponse:
    form = ClockForm(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        clock.move(to=Move(form.cleaned_data["to"]), user=_viewer(request))
    except Conflict as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The clock has been moved. The site follows in a moment."))
    return redirect("demo:home")


def _mails(request: HttpRequest) -> QuerySet[Mail]:
    """Everyone's; one's own alone where strangers share the demo."""
    if not _is_public():
        return Mail.objects.all()
    viewer = _viewer(request)
    return Mail.objects.to_person(viewer) if viewer else Mail.objects.none()


@require_safe
def mail_list(request: HttpRequest) -> HttpResponse:
    """`?to=` shows those to one address."""
    if _is_public() and _viewer(request) is None:
        return login_required(mail_list)(request)
    form, mails = WhoseMailForm(request.GET), _mails(request)
    to = form.cleaned_data["to"] if form.is_valid() else ""
    found = mails.filter(to_address=to) if to else mails
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "to": to,
        "addresses": [] if _is_public() else _addresses(mails),
    }
    return render(request, "demo/mail_list.html", context)


def _addresses(mails: QuerySet[Mail]) -> list[str]:
    """Those that were written to, without the extras of the demo."""
    extras = {person.email for person in set(people.EVERYONE) - set(people.LOG_INS)}
    addresses = mails.order_by().values_list("to_address", flat=True).distinct()
    return sorted(set(addresses) - extras, key=lambda address: address.partition("@"))


@require_safe
def mail_detail(request: HttpRequest, code: str) -> HttpResponse:
    mail = get_object_or_404(_mails(request), code=code)
    return render(request, "demo/mail_detail.html", {"mail": mail, "sandbox": MAIL_SANDBOX})


@csp(MAIL_CSP)  # type: ignore[arg-type]  # its types know no view with a parameter
@xframe_options_sameorigin
@require_safe
def mail_html(request: HttpRequest, code: str) -> HttpResponse:
    """The mail's HTML by itself, without a right to do anything."""
    mail = get_object_or_404(_mails(request).exclude(html=""), code=code)
    # Its links open in the window, not in the frame, where no page of ours may be shown.
    return HttpResponse(mail.html.replace("<head>", '<head><base target="_top">', 1))
