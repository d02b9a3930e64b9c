# Everything a newcomer needs: `make demo`, `make dashboard`, `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo dashboard test check style mutants lock clean help

help:
	@echo "make demo       analyse sample_data/, print the findings, write report.html"
	@echo "make dashboard  open the dashboard on sample_data/"
	@echo "make test       set everything up and run all checks and tests"
	@echo "make style      print how the code is built and named"
	@echo "make mutants    change the code in small ways and count which changes no test notices (long)"
	@echo "make lock       renew requirements.lock from pyproject.toml"

demo: $(READY)
	@$(BIN)/loganalytics demo
	@echo
	@echo "The dashboard: make dashboard"

dashboard: $(READY)
	$(BIN)/streamlit run app_streamlit.py

test: $(READY)
	./tests/install_browser.sh
	./tests/install_axe.sh
	./tests/install_servers.sh
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest -n auto --dist loadfile

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

style: $(READY)
	$(BIN)/python benchmarks/style.py

# Hours for all mutants: SAMPLE of each module.
SAMPLE ?= 100
mutants: $(READY)
	$(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python --group mutants
	$(BIN)/python benchmarks/mutants.py --sample $(SAMPLE)

# uv installs the locked set in seconds; --system-certs lets it work behind a company's own certificate authority.
$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "loganalytics needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	$(BIN)/uv pip install --quiet --compile-bytecode --system-certs --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

lock: $(READY)
	$(BIN)/uv pip compile --quiet --system-certs pyproject.toml --extra all --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --upgrade -o requirements.lock

clean:
	rm -rf $(VENV) report.html
