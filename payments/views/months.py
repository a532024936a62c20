"""The months that a list can be narrowed to."""

import datetime as dt

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mentormatch.ui.kept import per_language
from payments import earnings


@per_language
def month_choices(
    first_at: dt.datetime | None, present: dt.date, zone: dt.tzinfo
) -> tuple[tuple[str, str], ...]:
    """From the present one back to that of `first_at`: as an address and as people write it."""
    if first_at is None:
        return ()
    first, day, found = first_at.astimezone(zone).date().replace(day=1), present, []
    while day >= first:
        # Translators: a month and its year in Django's date format.
        found.append((f"{day:%Y-%m}", date_format(day, _("F Y"))))
        day = earnings.before(day)
    return tuple(found)
