"""Every address of the site. Composes the apps' own, decides nothing."""

from importlib.util import find_spec

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

handler400 = "mentormatch.ui.errors.bad_request"
handler500 = "mentormatch.ui.errors.server_error"
urlpatterns = [
    # First, for addresses are tried in this order, and the site has a hundred pages.
    path("api/v1/", include("mentormatch.api_urls")),
    path("", include("mentormatch.ui.urls")),
    path("", include("mentormatch.background.urls")),
    path("", include("mentormatch.legal.urls")),
    path("", include("mentormatch.mentors.urls")),
    path("", include("bookings.urls")),
    path("", include("payments.urls")),
    path("", include("sessions_app.urls")),
    path("", include("reviews.urls")),
    path("settings/", include("mentormatch.accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("admin/", admin.site.urls),
]
if settings.STRIPE_EMULATED:
    urlpatterns.append(path("_stripe/", include("payments.stripe_emulator.urls")))
if settings.DEMO and find_spec("mentormatch.demo.urls"):
    urlpatterns.append(path("demo/", include("mentormatch.demo.urls")))
