"""The demo company's night against what a careful reader of its three days wants to find, and must never find."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot import app, demo, sandbox, settings
from tests.servers.company import Nightdesk, model_settings
from tests.servers.demo_night import Mornings, slept
from tests.servers.model import ModelServer

Key = tuple[str, ...]


def key(source: dict[str, Any]) -> Key:
    return ("slack", source["channel"], source["ts"]) if source["kind"] == "slack" else ("mail", source["message_id"])


def keys(thing: dict[str, Any]) -> set[Key]:
    return {key(source) for source in thing["sources"]}


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Mornings:
    """The same without a model."""
    return slept(tmp_path_factory.mktemp("ruled"), rules=True)


@pytest.fixture(params=["recorded", "ruled"])
def mornings(request: pytest.FixtureRequest) -> Mornings:
    found: Mornings = request.getfixturevalue(request.param)
    return found


def test_a_careful_reader_finds_what_they_want_and_little_else(mornings: Mornings) -> None:
    for who, morning in mornings.items():
        found = [keys(item) for item in morning.items()]
        wanted = {want["id"]: {key(s) for s in want["sources"]} for want in morning.gold["wants"]}
        missed = [name for name, sources in wanted.items() if not any(sources & item for item in found)]
        assert len(missed) <= 0.15 * len(wanted), (who, missed)


def test_nothing_is_said_that_must_not_be_said(mornings: Mornings) -> None:
    for who, morning in mornings.items():
        texts = {
            "digest": (morning.folder / "digest.txt").read_text()
            + json.dumps(morning.read("digest.json"), ensure_ascii=False),
            "drafts": json.dumps([d["body"] for d in morning.read("drafts.json")], ensure_ascii=False),
            "answers": (morning.folder / "answers.json").read_text(),
            "memory": (morning.folder / "memory.json").read_text(),
        }
        broken = [
            (rule["id"], word)
            for rule in morning.gold["must_not"]
            for word in rule["words"]
            for where in rule.get("where", ["digest"])
            if word.casefold() in texts[where].casefold()
        ]
        assert broken == [], who


def test_what_is_settled_funny_or_somebody_elses_is_no_task(mornings: Mornings) -> None:
    for who, morning in mornings.items():
        wanted = {key(s) for want in morning.gold["wants"] for s in want["sources"]}
        rules = [rule for rule in morning.gold["must_not"] if rule["kind"] == "task"]
        tasks = [
            keys(item) for item in morning.items() if item.get("kind") not in ("notice", "change", "draft", "question")
        ]
        broken = [
            rule["id"]
            for rule in rules
            if any({key(s) for s in rule["sources"]} & task and not task & wanted for task in tasks)
        ]
        assert len(broken) <= 0.1 * len(morning.gold["must_not"]), (who, broken)


def test_each_mail_gets_a_right_verdict(mornings: Mornings) -> None:
    for who, morning in mornings.items():
        drafted = {draft["in_reply_to"] for draft in morning.read("drafts.json")}
        reasons = {one["message_id"]: one["reason"] for one in morning.read("not_drafted.json")}
        wrong = []
        for message_id, gold in morning.gold["verdicts"].items():
            accepted = {gold} if isinstance(gold, str) else set(gold)
            said = "draft" if message_id in drafted else reasons.get(message_id)
            without_model = said == "no_model" and accepted & {"draft", "unsure"}
            if said not in accepted and not without_model:
                wrong.append((message_id, said, accepted))
        assert len(wrong) <= 0.1 * len(morning.gold["verdicts"]), (who, wrong)


def test_a_reply_goes_to_whoever_asked_and_to_nobody_else(recorded: Mornings) -> None:
    for morning in recorded.values():
        drafts = morning.read("drafts.json")
        assert drafts
        for draft in drafts:
            assert draft["from"] not in draft["to"] + draft["cc"]
            assert len(draft["to"]) == 1
            assert (morning.folder / draft["file"]).read_bytes().count(b"\nTo: ") == 1


def test_the_demo_asks_nothing_that_is_not_recorded(recorded: Mornings) -> None:
    for morning in recorded.values():
        assert morning.read("digest.json")["footer"]["failed"] == []
        assert morning.read("digest.json")["recorded"] is True


def test_what_the_page_suggests_is_answered_from_recordings(tmp_path: Path) -> None:
    clock = sandbox.Clock(demo.WAKES - demo.CONNECTED)
    with (
        demo.recorded(settings.load(tmp_path, {}), rules=False) as said,
        demo.company() as (export, mails),
        app.database(said, tmp_path, durable=False) as held,
        sandbox.mail(mails) as server,
        sandbox.living(said, held, export, sandbox.boxes(server), clock, recorded=True) as living,
    ):
        sandbox.sleep(living, demo.DAY, lambda doing: None)
        sandbox.wake(living, demo.DAY, lambda doing: None)
        answers = {(who, where, asked): suggested(living, who, where, asked) for who, where, asked in demo.QUESTIONS}
        demo.write(living.desk, tmp_path / "out", demo.read_of(living, server), (0.0, 1.0, 3.0, 4.0))
        user = demo.person_of(living.desk, demo.OWNER).person.key
        sandbox.wait_until(lambda: bool(living.slack.ephemerals(user)))
        [whispered] = living.slack.ephemerals(user)
    assert [one for one, told in answers.items() if not told or "without a model" in told] == []
    hotel = "Which hotel was it in Essen, the one with the goose?"
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["model"]["calls"] > 0 and report["read"]["mail"] > 0 and report["seconds"] == 4
    assert (tmp_path / "out" / demo.OWNER / "digest.json").exists()
    assert "Alte Mühle" in answers[demo.OWNER, "", hotel] and "Alte Mühle" not in answers[demo.OWNER, "general", hotel]
    assert "Alte Mühle" in whispered["text"]  # from her own mail, which a channel is told nothing of


def suggested(living: sandbox.Living, who: str, where: str, asked: str) -> str:
    user = demo.person_of(living.desk, who).person.key
    return sandbox.ask(living, user, where or living.slack.dm(user), asked)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("demo", "--once", "--live"), "NIGHTDESK_SLEEP_MODEL"),
        (("demo", "--once", "--live", "--rules"), "not both"),
        (("demo", "--once", "--out", "/dev/null"), "--out"),
    ],
)
def test_what_the_demo_cannot_do_is_said_before_it_begins(words: tuple[str, ...], names: str) -> None:
    done = Nightdesk().run(*words)
    assert (done.code, done.out) == (2, "") and names in done.err and len(done.err.splitlines()) == 1


@pytest.mark.night
def test_the_demo_asks_ones_own_model_when_told_to_and_leaves_ones_own_home_alone(
    tmp_path: Path, model_server: ModelServer
) -> None:
    (tmp_path / "home").mkdir()
    desk = Nightdesk(tmp_path / "home", model_settings(model_server) | {"NIGHTDESK_KEYS": str(tmp_path / "ring.json")})
    done = desk.run("demo", "--once", "--live", "--out", str(tmp_path / "out"))
    assert (done.code, done.err) == (0, "")
    assert "slept by fake" in done.out and "only prompts left this machine, for 127.0.0.1" in done.out
    assert json.loads((tmp_path / "out" / "report.json").read_text())["model"]["calls"] > 0
    assert not json.loads((tmp_path / "out" / demo.OWNER / "digest.json").read_text())["recorded"]
    assert [*(tmp_path / "home").iterdir()] == [] and not (tmp_path / "ring.json").exists()
