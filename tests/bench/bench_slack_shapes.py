"""What the sandbox's Slack says beside Slack's own samples: every path it emits has to be there, with the same type.

Needs `slack_samples` in the data folder. With --out it writes the verified shapes, which `tests/servers/slack_shapes.json`
is a copy of and the everyday test holds the sandbox to.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from tests.bench.measure import Row, given, report, say
from tests.servers.slack_tour import paths, shapes, tour

EXPLAINED: dict[str, str] = {
    r"^api/chat.stopStream \.(channel|ts) ": "the sample stops at `ok`; Slack's reference answers with channel, ts and message",
    r"^api/conversations.info \.channel\.user ": "a DM names the other person, as in conversations.list; the sample holds channels alone",
    r"^api/files.info \.response_metadata": "comments are paged by cursor, as Slack's reference says; the sample pages by number",
    r"^api/users.list .*is_stranger ": "told of people of other organisations; Slack's event of a changed user has it",
    r"^app-backend/GlobalShortcut ": "there is no sample of a shortcut that is used outside a message",
    r"^app-backend/slash-commands/.*is_enterprise_install ": "a form knows text alone; the sample is what a parser makes of it",
    r"^app-backend/views/.*response_urls ": "Slack sends it with every submission; the sample leaves out what it may fill",
    r"\.view\.blocks array$": "a view has blocks; the samples of events and interactions leave them out",
}
"""Pattern over `sample path type` -> why it is emitted though no sample of its kind has it."""

NESTED = re.compile(
    r"^.*?\.(?:event|message|previous_message|root|messages\[\])(?=[.\[ ])(?:\.(?:message|previous_message|root)(?=[.\[ ]))*"
)
BLOCK = re.compile(r"^.*\.blocks\[\](?=\.)(?:\.elements\[\](?=\.))*")


def main() -> None:
    to = given(__doc__)
    samples = to.file("slack_samples")
    if samples is None:
        return
    said, known = shapes(tour()), read(samples)
    rows = [_row(known, name, shape) for name, shape in said.items()]
    report(to, "slack_shapes_checked", rows)
    for name, shape in said.items():
        for path in known.strange(name, shape):
            say(f"  {name} {path}: {_reason(name, path) or 'NOT EXPLAINED'}")
    if to.out is not None:
        (to.out / "slack_shapes.json").write_text(json.dumps(said, indent=1) + "\n")


def _row(known: "Known", name: str, shape: list[str]) -> Row:
    strange = known.strange(name, shape)
    bare = [path for path in strange if _reason(name, path) is None]
    return {"sample": name, "paths": len(shape), "strange": len(strange), "not explained": len(bare)}


def _reason(name: str, path: str) -> str | None:
    return next((why for pattern, why in EXPLAINED.items() if re.search(pattern, f"{name} {path}")), None)


# --- Slack's samples -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """Paths of each sample; and of what is the same wherever it stands: a message, a block, an event's envelope."""

    samples: dict[str, set[str]]
    messages: set[str]
    blocks: set[str]
    envelopes: set[str]

    def strange(self, name: str, shape: list[str]) -> list[str]:
        own = self.samples.get(name, set())
        return [path for path in shape if not (_fits(path, own) or self._elsewhere(name, path))]

    def _elsewhere(self, name: str, path: str) -> bool:
        if BLOCK.search(path):
            return _fits(BLOCK.sub("", path), self.blocks)
        if NESTED.search(path):
            return _fits(NESTED.sub("", path), self.messages)
        return name.startswith("events/") and _fits(path, self.envelopes)


def read(folder: Path) -> Known:
    samples = {
        str(f.relative_to(folder).with_suffix("")): set(paths(json.loads(f.read_text())))
        for f in folder.rglob("*.json")
    }
    every = {path for known in samples.values() for path in known}
    told = {path for name, known in samples.items() if _holds_messages(name) for path in known}
    return Known(
        samples=samples,
        messages={NESTED.sub("", path) for path in told if NESTED.search(path)},
        blocks={BLOCK.sub("", path) for path in every if BLOCK.search(path)},
        envelopes={
            p
            for name, known in samples.items()
            if name.startswith("events/")
            for p in known
            if not p.startswith(".event.")
        },
    )


def _holds_messages(name: str) -> bool:
    return name.startswith(("events/Message", "api/chat.", "api/conversations.", "app-backend/interactive"))


def _fits(path: str, known: set[str]) -> bool:
    """Null may stand wherever something may, and what a sample leaves as an empty object may hold anything."""
    place, _, kind = path.rpartition(" ")
    if path in known or (
        kind in {"null", "object"} and any(re.match(re.escape(place) + r"[ .\[]", one) for one in known)
    ):
        return True
    parts = [hit.start() for hit in re.finditer(r"\.", place)]
    return any(f"{place[:at]} object" in known for at in parts)


if __name__ == "__main__":
    main()
