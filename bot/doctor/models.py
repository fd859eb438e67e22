"""The models: which text goes to which endpoint, and whether it answers in the form that is asked for."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from urllib.parse import urlsplit

from bot.doctor.finding import Finding, fail, ok, told, warn
from bot.embedding import embedder
from bot.models import chat
from bot.settings import RoleSettings, Settings
from graphs.domain import Value
from graphs.errors import NightdeskError
from graphs.reading import Unfit, read, strict_schema
from graphs.thinking import Refused, Request, Turn

AREA = "models"
PATIENCE = 60.0  # seconds


class Works(Value):
    """What the one tiny call asks for."""

    works: bool


def models(configured: Settings) -> Iterator[Finding]:
    """One call for each different model, however many roles it has."""
    asked: dict[tuple[str, str, str], str] = {}
    for name, whose, role in (("LIVE", "the day's", configured.live), ("SLEEP", "the night's", configured.sleep)):
        if role is None:
            yield warn(
                AREA, f"There is no model for {whose} work: rules do it, find less, and draft nothing.",
                f"Set NIGHTDESK_{name}_MODEL, and its _BASE_URL and _API_KEY.",
            )  # fmt: skip
            continue
        yield from _about(whose, role)
        one = (role.base_url, role.model, role.api_key)
        if one in asked:
            yield ok(AREA, f"{whose.capitalize()} model is {asked[one]} too.")
            continue
        asked[one] = whose
        yield from told(AREA, _asked(whose, role))
    if configured.embed is not None:
        yield from _about("the embedding", configured.embed)
        yield from told(AREA, _embedded(configured.embed))


def _embedded(role: RoleSettings) -> Iterator[Finding]:
    """The one call to an embedding model. Without it the order of what is found is that of words."""
    host = urlsplit(role.base_url).netloc.rpartition("@")[2]
    line = embedder(role)
    assert line is not None
    try:
        made = line.embed(["This is a test of the line. Does it work?"], PATIENCE)
    except NightdeskError as err:
        yield warn(
            AREA, f"The embedding model {role.model} at {host}: {err}.",
            "Check its base URL, its key and its name; until then things are found by their words alone.",
        )  # fmt: skip
        return
    finally:
        line.close()
    yield ok(
        AREA,
        f"What people write goes to {host} too, to be found by meaning: {role.model} answers in {made.seconds:.1f} s.",
    )


def _about(whose: str, role: RoleSettings) -> Iterator[Finding]:
    """What can be said of an endpoint without asking it."""
    host = urlsplit(role.base_url).hostname or ""
    if role.base_url.startswith("http://") and not _is_near(host):
        yield fail(
            AREA, f"{whose.capitalize()} prompts would go to {host} unencrypted.", "Use https:// in its base URL."
        )
    if not (role.price_in or role.price_out) and not _is_near(host):
        yield warn(
            AREA, f"{whose.capitalize()} model {role.model} has no price: caps on money cannot hold it back.",
            "Set its _PRICE_IN and _PRICE_OUT, in money for a million tokens.",
        )  # fmt: skip


def _is_near(host: str) -> bool:
    """On this machine or in a private network, where a service may have a bare name."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return host == "localhost" or "." not in host or host.endswith((".local", ".internal"))


def _asked(whose: str, role: RoleSettings) -> Iterator[Finding]:
    """The one call. It holds nothing of anybody's."""
    host = urlsplit(role.base_url).netloc.rpartition("@")[2]
    question = Turn("user", "This is a test of the line. Does it work?")
    request = Request("doctor", (Turn("system", "Answer in JSON."), question), 400, strict_schema(Works), "works")
    line = chat(replace(role, timeout=min(role.timeout, PATIENCE)))
    try:
        reply = line.complete(request)
    except Refused as err:
        yield fail(AREA, f"{host}: {err}.", f"Try another model than {role.model} for {whose} work.")
        return
    except NightdeskError as err:
        yield fail(
            AREA, f"{whose.capitalize()} model {role.model}: {err}.", "Check its base URL, its key and its name."
        )
        return
    finally:
        line.close()
    try:
        read(reply.text, Works)
    except Unfit:
        why = (
            "used up 400 tokens before it answered"
            if reply.stopped == "length"
            else "did not answer in the form asked for"
        )
        yield warn(
            AREA, f"{role.model} at {host} {why}.", "Nights may fall back to rules: try a model with JSON output."
        )
        return
    yield ok(
        AREA,
        f"{whose.capitalize()} prompts go to {host}: {role.model} answers in {reply.seconds:.1f} s, in the form asked for.",
    )
