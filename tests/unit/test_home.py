"""The key ring: made once, whatever starts first, and never half of one."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bot.home import keys, rotate, temporary
from graphs.errors import NeedsPerson

ROOT = Path(__file__).resolve().parents[2]
READ = "import sys; sys.stdin.readline(); from bot.home import keys; from pathlib import Path; ring = keys(Path(sys.argv[1])); print(ring.tokens.hex(), *(s.hex() for s in ring.seals))"


def test_a_ring_is_made_on_first_use_for_its_owner_alone_and_stays(tmp_path: Path) -> None:
    ring = tmp_path / "new" / "home" / "keys.json"
    made = keys(ring)

    assert keys(ring) == made
    assert len(made.tokens) == len(made.seals[0]) == 32 and made.tokens != made.seals[0]
    assert stat.S_IMODE(ring.stat().st_mode) == 0o600
    assert [path.name for path in ring.parent.iterdir()] == ["keys.json"]
    assert keys(tmp_path / "other.json") != made


def test_first_processes_that_start_together_share_one_ring(tmp_path: Path) -> None:
    ring = tmp_path / "keys.json"
    words = [sys.executable, "-c", READ, str(ring)]
    started = [
        subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    read = {one.communicate()[0] for one in started}

    [shared] = read
    assert shared.split() == [keys(ring).tokens.hex(), keys(ring).seals[0].hex()]
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]


def test_a_ring_with_older_seals_keeps_their_order(tmp_path: Path) -> None:
    ring = tmp_path / "keys.json"
    first = keys(ring)
    held = json.loads(ring.read_text())
    other = json.loads(_made(tmp_path / "other.json").read_text())
    ring.write_text(json.dumps({**held, "seals": [*other["seals"], *held["seals"]]}))
    assert keys(ring).seals == (*keys(tmp_path / "other.json").seals, *first.seals)


def _made(path: Path) -> Path:
    keys(path)
    return path


WHOLE = "A" * 43 + "="


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "3", '"keys"', "{}", '{"tokens": "", "seals": []}', f'{{"tokens": "{WHOLE}"}}',
        f'{{"tokens": "{WHOLE}", "seals": []}}', f'{{"tokens": "{WHOLE}", "seals": [""]}}', f'{{"tokens": "", "seals": ["{WHOLE}"]}}',
        f'{{"tokens": "{WHOLE}", "seals": ["{WHOLE[:20]}"]}}', f'{{"tokens": "{WHOLE}", "seals": ["!{WHOLE}"]}}',
        f'{{"tokens": "{WHOLE}", "seals": "{WHOLE}"}}', '{"tokens": 1, "seals": [2]}', f'{{"tokens": "é", "seals": ["{WHOLE}"]}}',
    ],
)  # fmt: skip
def test_a_damaged_ring_is_told_and_left_as_it_is(tmp_path: Path, text: str) -> None:
    ring = tmp_path / "keys.json"
    ring.write_text(text)
    with pytest.raises(NeedsPerson, match="damaged") as told:
        keys(ring)
    assert WHOLE not in str(told.value)
    assert ring.read_text() == text


def test_a_ring_of_other_bytes_is_told_too(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(NeedsPerson, match="damaged"):
        keys(tmp_path / "keys.json")


def test_a_place_that_cannot_hold_a_ring_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NeedsPerson, match=r"keys\.json"):
        keys(tmp_path / "file" / "keys.json")
    (tmp_path / "keys.json").mkdir()
    with pytest.raises(NeedsPerson, match=r"keys\.json"):
        keys(tmp_path / "keys.json")


def test_a_ring_that_cannot_be_changed_is_told_and_stays_as_it_was(tmp_path: Path) -> None:
    ring = tmp_path / "keys.json"
    made = keys(ring)
    (tmp_path / f"keys.json.{os.getpid()}").mkdir()  # stands where the new ring is written first

    with pytest.raises(NeedsPerson, match="cannot be changed from here"):
        rotate(ring)
    assert keys(ring) == made


def test_a_temporary_home_is_gone_afterwards_even_after_an_error() -> None:
    seen: list[Path] = []
    with pytest.raises(NeedsPerson), temporary() as home:
        seen.append(home)
        (home / "x").write_text("")
        raise NeedsPerson("stop")
    assert not seen[0].exists()
