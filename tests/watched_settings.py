"""Those of `server_settings`, with what goes to Stripe held against its published description."""

from tests.server_settings import *  # noqa: F403  # as they are
from tests.server_settings import INSTALLED_APPS

INSTALLED_APPS += ["tests.stripe_watch.StripeWatch"]
