"""The floor's WSGI entry point: our settings, without middleware and without context processors."""

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

django.setup(set_prefix=False)
# Only now: allauth doesn't start without its middleware.
settings.MIDDLEWARE = []
for engine in settings.TEMPLATES:
    engine["OPTIONS"] |= {"context_processors": []}  # type: ignore[operator]  # a dictionary
settings.ROOT_URLCONF = "scripts.bench.floor"
application = WSGIHandler()
