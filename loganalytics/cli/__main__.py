"""`python -m loganalytics.cli`."""

import sys

from loganalytics.cli.main import main

sys.exit(main())
