"""How the hosted pages name a period."""

from django.utils.translation import ngettext

from .context import Body


def every(recurring: Body) -> str:
    """`every month`, `every 3 months`."""
    count = recurring["interval_count"]
    words = {
        "day": ngettext("every day", "every %(count)s days", count),
        "week": ngettext("every week", "every %(count)s weeks", count),
        "month": ngettext("every month", "every %(count)s months", count),
        "year": ngettext("every year", "every %(count)s years", count),
    }
    return words[recurring["interval"]] % {"count": count}
