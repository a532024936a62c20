# A bare machine needs Python 3.11 or newer and make. Everything else is put into .venv.
PYTHON ?= python3
IN = .venv/bin/

# Compiled once, and not at each start of each process: that is most of a second start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-stripe stress api-fuzz lint check lock bench icons screenshots messages setup-run setup-dev
.DEFAULT_GOAL := run

run: export MENTORMATCH_DEMO ?= 1
run: setup-run
	@$(IN)python manage.py prepare
	@exec $(IN)python manage.py serve

test: setup-dev
	@exec $(IN)python scripts/test.py

# The scenarios of our gateway against Stripe's own test mode: STRIPE_SECRET_KEY=sk_test_…
test-stripe: setup-dev
	@exec $(IN)python scripts/test_stripe.py

# The tests with large budgets, whole, on both engines: takes hours, and writes docs/stress.md.
stress: setup-dev
	@exec $(IN)python scripts/stress.py

# Every operation of the API with what schemathesis makes of its description, a lot of it.
api-fuzz: setup-dev
	@STRESS=1 exec $(IN)python -m pytest -q -n auto tests/test_api_fuzz.py

lint: setup-dev
	@exec $(IN)python scripts/lint.py

check: lint test

# What our pages cost, as multiples of a floor measured in the same run.
bench: setup-dev
	@exec $(IN)python -m scripts.bench

# The texts to translate, taken out of the sources into locale/, and compiled.
messages: setup-dev
	@exec $(IN)python scripts/messages.py

# The icons of a home screen, drawn from static/img/mark.svg by Chromium.
icons: setup-dev
	@exec $(IN)python -m scripts.icons

# Pictures of the main pages, in both themes and two widths, into docs/screenshots/.
screenshots: setup-dev
	@exec $(IN)python -m scripts.screenshots

# Resolve the requirements anew and write them down with their hashes.
lock: setup-dev
	@exec $(IN)python scripts/lock.py

setup-run setup-dev: setup-%:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is missing. Debian and Ubuntu: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) scripts/setup.py $*
