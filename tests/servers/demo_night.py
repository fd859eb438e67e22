"""The demo company's night over its files, as people find it in the morning."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot import app, demo, imports, nightfiles, settings
from bot.desk import begin_owner
from tests.servers.company import DEMO, MIRA, TOM

Gold = dict[str, Any]


@dataclass(frozen=True)
class Morning:
    """The files of one person's night, read back."""

    folder: Path
    gold: Gold

    def read(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text())

    def items(self) -> list[dict[str, Any]]:
        """All that the digest says, and every open task."""
        digest = self.read("digest.json")
        open_tasks = [task for task in self.read("tasks.json") if task["state"] == "open"]
        return [*digest["items"], *digest["more"], *open_tasks]


Mornings = Mapping[str, Morning]


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Mornings:
    """Mira's and Tom's morning, with the recorded answers of a model."""
    return slept(tmp_path_factory.mktemp("recorded"), rules=False)


def slept(tmp_path: Path, rules: bool) -> Mornings:
    gold = json.loads((DEMO / "gold.json").read_text())
    configured = settings.load(tmp_path, {})
    with demo.recorded(configured, rules) as said, demo.company() as (export, mails):
        with app.database(said, tmp_path, durable=False) as held, app.desk(said, held, recorded=not rules) as desk:
            imports.import_all(desk.store, export, mails, lambda what, count: None)
            nights = demo.nights_of(desk)
            app.sleep_now(desk, held.dsn, nights)
            for known, day, now in nights:
                nightfiles.write_person(begin_owner(desk, known.id), day, now, tmp_path / "out" / str(known.id))
            mira, tom = (Morning(tmp_path / "out" / str(known.id), gold) for known, _, _ in nights)
    return {MIRA: mira, TOM: Morning(tom.folder, gold["others"][0])}
