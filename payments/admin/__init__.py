"""Staff look at the money and act through the services; no row is edited."""

from payments.admin import cards, mirror, money, subscriptions  # noqa: F401  # registers their pages
