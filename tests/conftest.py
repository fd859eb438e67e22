"""What every test may ask for: servers that are real and thrown away. See `tests/servers`."""

from tests.servers.model import model_server
from tests.servers.postgres import database, postgres, template

__all__ = ["database", "model_server", "postgres", "template"]
