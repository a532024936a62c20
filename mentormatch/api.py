"""The JSON API: composes the apps' routers, decides nothing."""

from importlib.util import find_spec

from ninja import NinjaAPI, Swagger

from mentormatch import problems
from mentormatch.auth import access_token

DESCRIPTION = """
Log in with `POST /_allauth/app/v1/auth/login` `{"email", "password"}`, and send
`meta.access_token` of the answer as `Authorization: Bearer …`.
Times are RFC 3339 with an offset; money is an integer in the currency's minor unit.
"""

api = NinjaAPI(
    title="MentorMatch",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    auth=access_token,
    docs=Swagger(settings={"persistAuthorization": True}),
    docs_url="/docs",
    openapi_url="/openapi.json",
)
problems.install(api)
for prefix, router in [
    ("", "mentormatch.accounts.api.router"),
    ("/mentors", "mentormatch.mentors.api.router"),
    ("/availability", "bookings.api.availability_router"),
    ("/bookings", "bookings.api.bookings_router"),
    ("/sessions", "sessions_app.api.router"),
    ("/payments", "payments.api.router"),
    ("/reviews", "reviews.api.router"),
]:
    if find_spec(router.rpartition(".")[0]):
        api.add_router(prefix, router)
