"""The command as people and scripts meet it: exit codes, one sentence when something is wrong, JSON and nothing else."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.embedded import postgres
from tests.servers.company import (
    ADA,
    BOB,
    DAY,
    Done,
    Nightdesk,
    Sources,
    helpful,
    home_in_use,
    model_settings,
    new_home,
    read_files,
    small,
    value,
)
from tests.servers.export_files import make_export, zip_export
from tests.servers.model import ModelServer


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    return small(tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="module")
def home(laid: Path) -> Iterator[Path]:
    with home_in_use(laid) as path:  # so that each command finds the server up
        yield path


@pytest.fixture(scope="module")
def desk(home: Path, sources: Sources) -> Nightdesk:
    """A home into which the small company was imported."""
    desk = Nightdesk(home)
    done = desk.run("import", *sources.options())
    assert (done.code, done.err) == (0, "") and done.out == "6 Slack messages and 4 mails are in.\n", done
    return desk


def one_sentence(done: Done, code: int) -> str:
    """What a refused command said: one line, no traceback, nothing on stdout; a reference number exactly with code 1."""
    assert done.code == code, done
    assert done.out == "" and "Traceback" not in done.err
    lines = done.err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("nightdesk: "), done.err
    assert bool(re.search(r"\(reference [0-9a-f]{8}\)$", lines[0])) == (code == 1)
    return lines[0]


# --- usage ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("frobnicate",), "frobnicate"),
        (("night",), "--person"),
        (("night", "--person", "U1", "--out", "x", "--frob"), "--frob"),
        (("recall", "-k", "0", "--as", "U1", "x"), "-k"),
    ],
)
def test_wrong_usage_is_2_and_names_what_is_wrong(words: tuple[str, ...], names: str) -> None:
    done = Nightdesk().run(*words)
    assert done.code == 2 and done.out == "" and names in done.err and "Traceback" not in done.err


def bad(tmp: Path) -> dict[str, tuple[list[str], str]]:
    """Words of a command line, and what the sentence has to name."""
    export = make_export(tmp / "ok", users=[{"id": "U1", "team_id": "T1"}], channels=[])
    whole = zip_export(export)
    cut = tmp / "cut.zip"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    (tmp / "foreign").mkdir()
    (tmp / "foreign" / "readme.txt").write_text("hello")
    no_mbox, empty = tmp / "photo.mbox", tmp / "empty.mbox"
    no_mbox.write_bytes(b"\x89PNG\r\n\0\0")
    empty.write_bytes(b"")
    return {
        "nothing": (["import"], "--slack-export"),
        "missing export": (["import", "--slack-export", str(tmp / "no")], "no"),
        "truncated export": (["import", "--slack-export", str(cut)], "cut.zip"),
        "foreign folder": (["import", "--slack-export", str(tmp / "foreign")], "no Slack export|not a Slack export|users.json"),
        "missing mail": (["import", "--mail", f"{ADA}={tmp / 'none'}"], "none"),
        "no mbox": (["import", "--mail", f"{ADA}={no_mbox}"], "photo.mbox"),
        "empty mbox": (["import", "--mail", f"{ADA}={empty}"], "empty.mbox"),
        "no ADDRESS=PATH": (["import", "--mail", "somewhere"], "ADDRESS=PATH"),
        "no date": (["night", "--person", "U1", "--out", str(tmp / "o"), "--date", "soon"], "--date"),
        "unknown person": (["night", "--person", "U77", "--out", str(tmp / "o")], "U77"),
        "unknown asker": (["recall", "--as", "U77", "x"], "U77"),
        "nobody asks": (["recall", "x"], "--as"),
        "unknown channel": (["ask", "--as", "U1", "--in", "nowhere", "x"], "nowhere"),
        "missing batch": (["recall", "--batch", str(tmp / "no.jsonl")], "no.jsonl"),
        "a batch that is none": (["recall", "--as", "U1", "--batch", str(no_mbox)], "photo.mbox"),
    }  # fmt: skip


@pytest.mark.parametrize("kind", [
    "nothing", "missing export", "truncated export", "foreign folder", "missing mail", "no mbox", "empty mbox", "no ADDRESS=PATH",
    "no date", "unknown person", "unknown asker", "nobody asks", "unknown channel", "missing batch", "a batch that is none",
])  # fmt: skip
def test_what_a_person_has_to_mend_is_2_and_one_sentence(desk: Nightdesk, tmp_path: Path, kind: str) -> None:
    words, names = bad(tmp_path)[kind]
    assert re.search(names, one_sentence(desk.run(*words), 2))


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        ({"NIGHTDESK_SLEEP_MODLE": "x"}, "NIGHTDESK_SLEEP_MODLE.*NIGHTDESK_SLEEP_MODEL"),
        ({"NIGHTDESK_ZONE": "Berlin"}, "NIGHTDESK_ZONE"),
        ({"NIGHTDESK_CAP_PERSON_NIGHT": "much"}, "NIGHTDESK_CAP_PERSON_NIGHT"),
        ({"NIGHTDESK_SLEEP_MODEL": "m", "NIGHTDESK_SLEEP_BASE_URL": "ftp://x"}, "NIGHTDESK_SLEEP_BASE_URL"),
        ({"DATABASE_URL": "not a url"}, "DATABASE_URL"),
    ],
)
def test_a_wrong_setting_is_2_and_named(home: Path, environ: dict[str, str], names: str) -> None:
    assert re.search(names, one_sentence(Nightdesk(home, environ).run("recall", "--as", "U1", "x"), 2))


def test_a_database_that_nobody_answers_at_is_one_sentence(home: Path) -> None:
    environ = {"DATABASE_URL": "postgresql://nightdesk_app@127.0.0.1:1/nightdesk"}
    assert "DATABASE_URL" in one_sentence(Nightdesk(home, environ).run("recall", "--as", "U1", "x"), 1)


def test_another_workspace_is_refused_by_name(desk: Nightdesk, tmp_path: Path) -> None:
    other = make_export(tmp_path, users=[{"id": "U9", "team_id": "T9", "name": "eve"}], channels=[])
    sentence = one_sentence(desk.run("import", "--slack-export", str(other)), 2)
    assert "T1" in sentence and "T9" in sentence and "--home" in sentence


def test_a_home_of_a_newer_version_is_refused_by_name() -> None:
    with new_home() as path:
        assert Nightdesk(path).run("migrate").code == 0
        with postgres.running(path / "postgres") as server, psycopg.connect(server.dsn(postgres.OWNER)) as owner:
            owner.execute("insert into schema_migration (origin, name, sha256) select origin, '9999_later.sql', sha256"
                          " from schema_migration where name like '0001%'")  # fmt: skip
        sentence = one_sentence(Nightdesk(path).run("recall", "--as", "U1", "x"), 2)
        assert "newer version" in sentence and "9999_later.sql" in sentence


def test_a_damaged_key_ring_is_refused_by_name() -> None:
    with new_home() as path:
        (path / "keys.json").write_text('{"tokens": 7')
        assert "keys.json" in one_sentence(Nightdesk(path).run("recall", "--as", "U1", "x"), 2)


# --- answers --------------------------------------------------------------------------------------


def batch(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def test_recall_and_ask_give_one_json_value_and_nothing_else(desk: Nightdesk) -> None:
    done = desk.run("recall", "--as", "U1", "--in", "dm", "blue valve price", "--json", "-k", "5")
    assert (done.code, done.err) == (0, "")
    items = json.loads(done.out)["items"]
    assert 0 < len(items) <= 5 and all(set(item) == {"source", "score", "text"} for item in items)
    assert {item["source"]["kind"] for item in items} == {"slack", "mail"}
    scores = [item["score"] for item in items]
    assert scores == sorted(scores, reverse=True)
    done = desk.run("ask", "--as", ADA, "--in", "general", "When does the blue valve ship?", "--json")
    assert (done.code, done.err) == (0, "")
    answer = json.loads(done.out)
    assert set(answer) == {"text", "citations", "served", "retrieved", "usage"} and answer["served"] == "rules"
    assert "7 December" in answer["text"] and answer["citations"]
    assert (
        set(answer["usage"]) == {"calls", "prompt_tokens", "completion_tokens", "first_token_ms", "prompt_parts"}
        and answer["usage"]["calls"] == 0
    )


def test_a_channel_that_the_asker_may_not_read_gives_nothing_and_0(desk: Nightdesk, tmp_path: Path) -> None:
    done = desk.run("recall", "--as", "U2", "--in", "deals", "blue valve", "--json")
    assert (done.code, done.err, json.loads(done.out)) == (0, "", {"items": []})
    rows = [{"id": who, "as": who, "in": "deals", "question": "blue valve"} for who in ("U1", "U2", "U3", "U4")]
    done = desk.run("recall", "--batch", str(batch(tmp_path / "q.jsonl", rows)), "--json")
    found = {answer["id"]: answer["items"] for answer in map(json.loads, done.out.splitlines())}
    assert (done.code, done.err, found.pop("U1") != []) == (0, "", True)
    assert found == {"U2": [], "U3": [], "U4": []}


def test_a_batch_answers_each_line_in_order_with_its_id(desk: Nightdesk, tmp_path: Path) -> None:
    rows = [
        {"id": "a", "as": "U1", "in": "dm", "question": "blue valve"},
        {"id": 2, "as": "U3", "in": "deals", "question": "blue valve"},
        {"id": None, "as": BOB, "in": "#general", "question": "label text"},
        {"as": "U1", "in": "C1", "question": "?!"},
        {"id": "dé", "as": "U1", "in": "dm", "question": "valve \u2028 \x00 label"},
    ]
    for command, key in (("recall", "items"), ("ask", "served")):
        done = desk.run(command, "--batch", str(batch(tmp_path / "q.jsonl", rows)), "--json")
        assert (done.code, done.err) == (0, ""), done
        answers = [json.loads(line) for line in done.out.split("\n") if line]
        assert [answer["id"] for answer in answers] == ["a", 2, None, None, "dé"] and all(
            key in answer for answer in answers
        )


def test_a_line_of_a_batch_that_cannot_be_asked_says_why_and_keeps_no_other_from_its_answer(
    desk: Nightdesk, tmp_path: Path
) -> None:
    rows = [
        {"id": "who", "as": "U77", "in": "dm", "question": "blue valve"},
        {"id": "where", "as": "U1", "in": "nowhere", "question": "blue valve"},
        {"id": "good", "as": "U1", "in": "dm", "question": "blue valve"},
    ]
    for command, key in (("recall", "items"), ("ask", "citations")):
        done = desk.run(command, "--batch", str(batch(tmp_path / "q.jsonl", rows)), "--json")
        who, where, good = map(json.loads, done.out.splitlines())
        assert done.code == 2 and "2 of 3" in done.err
        assert (who["id"], who[key]) == ("who", []) and "U77" in who["error"]
        assert (where["id"], where[key]) == ("where", []) and "nowhere" in where["error"]
        assert good["id"] == "good" and good[key] and "error" not in good and set(good) < set(who)


# --- nights ---------------------------------------------------------------------------------------


def night(out: Path, *who: str) -> list[str]:
    return [
        "night",
        *(word for name in who for word in ("--person", name)),
        "--date",
        DAY.isoformat(),
        "--out",
        str(out),
    ]


def test_a_night_without_a_home_writes_its_files_and_leaves_nothing_else(sources: Sources, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    done = Nightdesk(environ={"TMPDIR": str(tmp_path / "tmp")}).run(
        *night(tmp_path / "out", ADA, "U2"), *sources.options()
    )
    assert (done.code, done.err) == (0, "")
    names = {
        "digest.json",
        "digest.txt",
        "digest.html",
        "tasks.json",
        "drafts.json",
        "not_drafted.json",
        "memory.json",
        "answers.json",
    }
    assert {path.name for path in (tmp_path / "out" / ADA).iterdir() if path.is_file()} == names
    assert {path.name for path in (tmp_path / "out").iterdir()} == {ADA, "U2", "report.json"}
    assert [path.name for path in (tmp_path / "tmp").iterdir() if path.name.startswith("nightdesk-")] == []
    found = read_files(tmp_path / "out")
    assert value(found, "U2/digest.json")["person"] == "U2" and value(found, f"{ADA}/digest.json")["person"] == "U1"


@pytest.mark.parametrize(
    "trouble",
    ["refused", *(pytest.param(trouble, marks=pytest.mark.night) for trouble in ("unreachable", "garbage", "cut"))],
)
def test_a_model_that_fails_costs_the_night_nothing_but_its_help(
    laid: Path, tmp_path: Path, model_server: ModelServer, trouble: str
) -> None:
    environ = model_settings(model_server)
    if trouble == "unreachable":
        environ["NIGHTDESK_SLEEP_BASE_URL"] = "http://127.0.0.1:9/v1"
    elif trouble == "garbage":
        model_server.persona = "garbage"
    elif trouble == "refused":
        model_server.fails("status", times=500, status=401)
    else:
        model_server.fails("bad_json", times=500)
    with new_home(laid) as path:
        done = Nightdesk(path, environ).run(*night(tmp_path / "out", ADA), *small(tmp_path / "company").options())
    assert (done.code, done.err) == (0, ""), done
    footer = value(read_files(tmp_path / "out"), f"{ADA}/digest.json")["footer"]
    assert footer["failed"] and "sk-test" not in json.dumps(footer)
    assert value(read_files(tmp_path / "out"), f"{ADA}/tasks.json")


def test_two_nights_on_one_home_at_the_same_time_both_succeed(
    sources: Sources, tmp_path: Path, model_server: ModelServer
) -> None:
    helpful(model_server)
    with new_home() as path:
        desk = Nightdesk(path, model_settings(model_server))
        outs = [tmp_path / name for name in ("one", "two")]
        both = [desk.start(*night(out, ADA, BOB), *sources.options()) for out in outs]
        ended = [(*process.communicate(timeout=110), process.returncode) for process in both]
        assert [(code, err) for _, err, code in ended] == [(0, ""), (0, "")], ended
        assert read_files(outs[0]) == read_files(outs[1])


@pytest.mark.night
def test_a_full_disk_is_one_sentence_and_the_next_night_is_whole(sources: Sources, tmp_path: Path) -> None:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a small file system needs root to be mounted")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("this machine does not let us mount a file system")
    try:
        done = Nightdesk(disk).run("import", *sources.options())
        assert done.code in (1, 2) and "Traceback" not in done.err
        assert re.search(r"disk|room|space", done.err), done.err
        subprocess.run(["mount", "-o", "remount,size=400m", str(disk)], check=True)
        done = Nightdesk(disk).run(*night(tmp_path / "out", ADA), *sources.options())
        assert (done.code, done.err) == (0, "")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def test_a_folder_that_cannot_be_written_is_one_sentence(desk: Nightdesk, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    one_sentence(desk.run(*night(tmp_path / "file" / "out", ADA)), 2)
