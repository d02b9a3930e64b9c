"""`python -m loganalytics.cli`."""

import sys

from loganalytics.cli import main

sys.exit(main())
