"""The endpoints, one module for each noun of Stripe's API."""
