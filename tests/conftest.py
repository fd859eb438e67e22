"""What every test may ask for: servers that are real and thrown away. See `tests/servers`."""

import gc

from hypothesis import settings

from tests.servers.company import laid
from tests.servers.demo_night import recorded
from tests.servers.dovecot import dovecot, dovecots
from tests.servers.model import model_server
from tests.servers.postgres import database, postgres, template
from tests.servers.room import use_memory
from tests.servers.slack import slack, slack_clock

__all__ = [
    "database",
    "dovecot",
    "dovecots",
    "laid",
    "model_server",
    "postgres",
    "recorded",
    "slack",
    "slack_clock",
    "template",
]

use_memory()

# As the command does: to look for garbage among thousands of tests took a third of their collection.
gc.set_threshold(50_000, 20, 100)

# A busy machine is no bug; a failure is printed so that it can be had again.
settings.register_profile("ours", deadline=None, print_blob=True)
settings.load_profile("ours")


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: it is not looked through for the garbage of each test."""
    gc.freeze()
