"""A browser for tests, which skip visibly where there is none."""

import pytest

from reports.browser import CHROMIUM, Page, opened

__all__ = ["Page", "needs_chromium", "opened"]

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
