"""A night over Slack's sockets and an IMAP server finds what the same night finds in files."""

import json
import re
from pathlib import Path
from typing import Any

from bot import app, demo, nightfiles, sandbox, settings
from bot.desk import Desk, begin_owner
from tests.acceptance.test_demo import slept

# The one thing files do not tell is the workspace's address: from them a message opens in Slack's program by its ids,
# from the living workspace on the web. Both name the same message; here the first is written as the second.
DEEP = re.compile(r"slack://channel\?team=T08FERNH7W&(?:amp;)?id=(\w+)&(?:amp;)?message=(\d+)\.(\d+)")
ON_THE_WEB = r"https://fernhollow.slack.com/archives/\1/p\2\3"
NAMES = ("tasks", "drafts", "digest", "memory", "not_drafted")


def test_the_night_through_slack_and_imap_is_the_night_from_files(tmp_path: Path) -> None:
    from_files = slept(tmp_path, rules=False)
    through = lived(tmp_path / "through")
    for who, morning in from_files.items():
        for name in NAMES:
            assert through[who][name] == on_the_web(morning.folder / f"{name}.json"), (who, name)


def on_the_web(file: Path) -> Any:
    return in_order(json.loads(DEEP.sub(ON_THE_WEB, file.read_text())))


def in_order(held: Any) -> Any:
    """Learned context stands in the order in which its places were first met, which says nothing: here it is by place."""
    if isinstance(held, dict) and "learned_context" in held:
        return held | {"learned_context": sorted(held["learned_context"], key=lambda block: str(block["scope"]))}
    return held


def lived(place: Path) -> dict[str, dict[str, Any]]:
    """The demo's own night: simulator, Bolt, queue, pymap, Drafts."""
    clock = sandbox.Clock(demo.WAKES - demo.CONNECTED)
    with (
        demo.recorded(settings.load(place, {}), rules=False) as said,
        demo.company() as found,
        app.database(said, place, durable=False) as held,
        sandbox.living(said, held, found, clock, True) as living,
    ):
        sandbox.sleep(living, demo.DAY, lambda doing: None)
        return written(living.desk, place / "out")


def written(desk: Desk, folder: Path) -> dict[str, dict[str, Any]]:
    mornings = {}
    for (known, day, now), who in zip(demo.nights_of(desk), (demo.OWNER, demo.COLLEAGUE), strict=True):
        nightfiles.write_person(begin_owner(desk, known.id), day, now, folder / who)
        mornings[who] = {name: in_order(json.loads((folder / who / f"{name}.json").read_text())) for name in NAMES}
    return mornings
