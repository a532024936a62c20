"""Stripe's API, answered in this process, for machines that have no Stripe key."""
