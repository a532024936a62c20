"""The pages that say who runs the site and on what terms."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from mentormatch.legal import services
from mentormatch.legal.markdown import to_html


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """The page in the viewer's language, and in the site's first where it isn't written in that."""
    language = get_language()
    found = services.find_page(slug=slug, language=language)
    context = {
        "legal": found,
        "html": mark_safe(to_html(found.text)),  # noqa: S308  # to_html makes no other HTML than its own
        "other_language": "" if found.language == language else found.language,
    }
    return render(request, "legal/page.html", context)
