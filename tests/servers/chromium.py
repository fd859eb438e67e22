"""Debian's Chromium, without a screen, for tests that use a page as a person does."""

import contextlib
import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

BINARY = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",  # tests run as root where every change is checked
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def need_chromium() -> None:
    """Skips where Chromium is not installed; on the machine that checks every change that is a failure."""
    if shutil.which(BINARY) is None:
        reason = "needs Chromium (apt-get install chromium)"
        pytest.fail(reason) if os.environ.get("NIGHTDESK_CI") else pytest.skip(reason)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BINARY, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()
