"""`nightdesk connect`, `disconnect` and `keys rotate` as processes, on a real mail server."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.company import ROOT, Done, Nightdesk, home_in_use
from tests.servers.dovecot import PASSWORD, Dovecot

ADA = "ada@tulip.example"


@pytest.fixture
def nightdesk(laid: Path) -> Iterator[Nightdesk]:
    with home_in_use(laid) as home:
        yield Nightdesk(home)


def connect(nightdesk: Nightdesk, dovecot: Dovecot, password: str, *more: str) -> Done:
    words = ["connect", ADA, "--host", "127.0.0.1", "--port", str(dovecot.port), "--security", "plain", *more]
    made = subprocess.run(
        [sys.executable, "-m", "bot", "--home", str(nightdesk.home), *words, "--password-stdin"],
        cwd=ROOT, env=nightdesk._environment(), input=f"{password}\n", text=True, capture_output=True, timeout=100, check=False,
    )  # fmt: skip
    return Done(made.returncode, made.stdout, made.stderr)


def test_a_mailbox_is_connected_disconnected_and_its_key_turned(nightdesk: Nightdesk, dovecot: Dovecot) -> None:
    dovecot.user(ADA)
    refused = connect(nightdesk, dovecot, "wrong")
    assert refused.code == 2 and "password" in refused.err and "wrong" not in refused.err + refused.out

    done = connect(nightdesk, dovecot, PASSWORD)
    assert done.code == 0 and "Drafts" in done.out and "no Slack user" in done.out, done.err
    assert PASSWORD not in done.out

    ring = Path(str(nightdesk.home)) / "keys.json"
    before = json.loads(ring.read_text())["seals"]
    for _ in range(2):
        assert nightdesk.run("keys", "rotate").code == 0
    after = json.loads(ring.read_text())["seals"]
    assert len(after) == 2 and not set(before) & set(after) and ring.stat().st_mode & 0o777 == 0o600

    gone = nightdesk.run("disconnect", ADA)
    assert gone.code == 0 and "gone" in gone.out
    assert nightdesk.run("disconnect", "nobody@tulip.example").code == 2


def test_wrong_words_say_what_to_change(nightdesk: Nightdesk, dovecot: Dovecot) -> None:
    assert nightdesk.run("connect", "ada").code == 2
    assert "OAuth" in nightdesk.run("connect", "ada@outlook.com").err
    asked = nightdesk.run("connect", ADA)  # no terminal to ask in
    assert asked.code == 2 and "--password-stdin" in asked.err
    unknown = connect(nightdesk, dovecot, PASSWORD, "--person", "U404")
    assert unknown.code == 2 and "U404" in unknown.err
