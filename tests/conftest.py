"""What all tests share."""

from __future__ import annotations

import os

from hypothesis import settings

# No deadline: the machine may be busy. In CI the same examples each time, so that a failure is the change's own.
settings.register_profile("loganalytics", deadline=None, max_examples=60, derandomize=bool(os.environ.get("CI")))
settings.load_profile("loganalytics")
