"""One file per node, read once."""

from functools import cache
from importlib.resources import files


@cache
def prompt(name: str) -> str:
    """The text of `graphs/prompts/{name}.md`."""
    return files("graphs.prompts").joinpath(f"{name}.md").read_text(encoding="utf-8").strip()
