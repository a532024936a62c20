"""The JSON API: composes the apps' routers, decides nothing."""

from typing import Any

from ninja import NinjaAPI, Swagger
from ninja.openapi.schema import OpenAPISchema

from mentormatch import openapi, problems
from mentormatch.auth import access_token
from mentormatch.limits import RateLimit
from mentormatch.parsing import StrictParser

DESCRIPTION = """
Log in with `POST /_allauth/app/v1/auth/login` `{"email", "password"}`, and send
`meta.access_token` of the answer as `Authorization: Bearer …`.
Times are RFC 3339 with an offset; money is an integer in the currency's minor unit.
"""


class Api(NinjaAPI):
    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        openapi.complete(schema)
        return schema


api = Api(
    title="MentorMatch",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    auth=access_token,
    throttle=[RateLimit()],
    parser=StrictParser(),
    docs=Swagger(settings={"persistAuthorization": True}),
    docs_url="/docs",
    openapi_url="/openapi.json",
)
problems.install(api)
api.add_router("", "mentormatch.accounts.api.router")
api.add_router("/mentors", "mentormatch.mentors.api.router")
api.add_router("/availability", "bookings.api.availability_router")
api.add_router("/bookings", "bookings.api.bookings_router")
api.add_router("/group-sessions", "bookings.api.groups_router")
api.add_router("/sessions", "sessions_app.api.router")
api.add_router("/payments", "payments.api.router")
api.add_router("/reviews", "reviews.api.router")
