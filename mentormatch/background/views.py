from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from mentormatch.background import readiness


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Each check with what is wrong; 503 if anything is."""
    problems = readiness.run_checks()
    ready = not any(problems.values())
    checks = {
        name: {"ok": problem is None, "detail": problem or ""} for name, problem in problems.items()
    }
    return JsonResponse(
        {"status": "ready" if ready else "not ready", "checks": checks},
        status=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE,
    )
