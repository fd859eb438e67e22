"""The sleep-time bench against a model over a socket: a whole small run, one that is killed, one that may not spend more."""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from matplotlib.image import imread

from bot.embedded.model import Body, key_of
from bot.proof import results
from bot.proof.cases import Case, office
from bot.proof.figures import Figure, What
from bot.proof.prompts import LENGTHS
from tests.bench.sleeptime import __main__ as sleeptime
from tests.house.repo import ROOT
from tests.servers.model import ModelServer, model_serving

CASES = [office(1, number, 1) for number in range(2)]
PLAN = "--alone --contexts 2 --levels 1 --verbosity 0,4 --passes 0,1,2 --steps 2 --sharing 1,10 --at-once 2".split()
LITTLE = "--contexts 1 --passes 0 --verbosity 4 --at-once 1".split()
CALLS = 2 * (2 * 2 + 5 * 2 * 10)  # two steps in each of two passes; five arms, two lengths, ten questions


@pytest.fixture
def knowing(model_server: ModelServer) -> ModelServer:
    model_server.says(_knowing)
    return model_server


def _knowing(body: Body) -> str:
    """Answers from the situation: asleep it works everything out, and awake only when it may write at length."""
    length, said = body["messages"][0]["content"], body["messages"][1]["content"]
    case = next(case for case in CASES if _mark(case) in said)
    asked = re.search(r"\nQuestion: (.+)", said)
    if asked is None:
        memory = "\n".join([_mark(case), *(f"{one.kind}: {one.answer}" for one in case.questions)])
        return memory if "step 1." in said else f"{memory}\nFINISHED"
    known = LENGTHS[4] in length or "<ahead>" in said
    told = next(one.answer for one in case.questions if one.text == asked[1]) if known else "unknown"
    return f"{'I look at each note in turn. ' * 20 if LENGTHS[4] in length else ''}\nAnswer: {told}"


def _mark(case: Case) -> str:
    """What tells its notes, and a memory of them, from another's."""
    return case.context.splitlines()[1]


@dataclass(frozen=True)
class Whole:
    """A run that nothing happened to."""

    folder: Path
    found: results.Results
    keys: Counter[str]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    with model_serving() as server:
        server.says(_knowing)
        sleeptime.main(_words(server, folder))
        return Whole(folder, results.read(folder), _keys(server))


def _words(server: ModelServer, out: Path, *more: str) -> list[str]:
    return ["--model", "stand-in", "--base-url", server.base_url, "--out", str(out), *PLAN, *more]


def _value(whole: Whole, what: What, arm: str, **where: int | str) -> Figure:
    where = {"counting": "completion", **where}
    [figure] = [
        one
        for one in whole.found.figures
        if (one.what, one.arm) == (what, arm) and all(getattr(one, name) == value for name, value in where.items())
    ]
    return figure


def _keys(server: ModelServer) -> Counter[str]:
    return Counter(key_of(seen.body) for seen in server.requests)


def test_a_whole_run_finds_that_sleep_pays_exactly_as_much_as_it_does(whole: Whole) -> None:
    assert len(whole.keys) == CALLS
    assert set(whole.keys.values()) == {1}
    right = {(one.arm, one.verbosity): one.value for one in whole.found.figures if one.what == "accuracy"}
    assert right == {
        ("test-only", 0): 0.0, ("test-only", 4): 1.0,
        ("sleep k=1", 0): 1.0, ("sleep k=1", 4): 1.0, ("sleep k=2", 0): 1.0, ("sleep k=2", 4): 1.0,
        ("sleep k=2 alone", 0): 1.0, ("sleep k=2 alone", 4): 1.0, ("sleep k=1 alone", 0): 1.0, ("sleep k=1 alone", 4): 1.0,
    }  # fmt: skip
    assert _value(whole, "largest_gain", "sleep k=1").value == 1.0
    assert _value(whole, "sleep_tokens", "sleep k=2").value > _value(whole, "sleep_tokens", "sleep k=1").value > 0
    alone, shared = (_value(whole, "cheaper_at_best", "sleep k=1", sharing=n).value for n in (1, 10))
    assert shared > alone
    assert {(figure.questions, figure.cases) for figure in whole.found.figures} == {(20, 2)}


def test_the_tokens_of_the_figures_are_those_that_the_server_counted(whole: Whole) -> None:
    calls = [json.loads(line) for line in (whole.folder / "calls.jsonl").read_text().splitlines()]
    slept = sum(call["completion"] for call in calls if call["step"] == "sleep")
    assert _value(whole, "sleep_tokens", "sleep k=2").value == slept / 2
    tested = sum(cell.completion for one in whole.found.played for cell in one.cells)
    assert slept + tested == whole.found.run.completion
    assert whole.found.run.uncounted == 0


def test_the_page_and_the_pictures_show_every_arm(whole: Whole) -> None:
    page = (whole.folder / "report.md").read_text()
    assert all(f"| {arm} |" in page for arm in ("test-only", "sleep k=1", "sleep k=2 alone"))
    assert "20 questions, 2 contexts" in page
    for name in ("accuracy.png", "cost.png", "share.png"):
        pixels = imread(whole.folder / name)
        colours = {tuple(pixel) for row in pixels[::3, ::3] for pixel in row.tolist()}
        assert len(colours) > 20, name


def test_a_killed_run_goes_on_where_it_was_and_ends_the_same(
    knowing: ModelServer, tmp_path: Path, whole: Whole
) -> None:
    words = [sys.executable, "-m", "tests.bench", "sleeptime", *_words(knowing, tmp_path / "killed")]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL) as running:

        def deadly(body: Body) -> str:
            if len(knowing.requests) >= 40:
                os.kill(running.pid, signal.SIGKILL)
            return _knowing(body)

        knowing.script[:] = [(re.compile(""), deadly)]
        assert running.wait() == -signal.SIGKILL
    with (tmp_path / "killed" / "calls.jsonl").open("a") as torn:
        torn.write('{"key": "cut in the mid')
    knowing.script[:] = [(re.compile(""), _knowing)]
    sleeptime.main(_words(knowing, tmp_path / "killed"))

    again = sum(times - 1 for times in _keys(knowing).values())
    assert again <= 2  # what was on its way, in either of two threads
    assert len(_keys(knowing)) == CALLS
    assert results.read(tmp_path / "killed").figures == whole.found.figures

    knowing.requests.clear()
    sleeptime.main(_words(knowing, tmp_path / "killed"))
    assert knowing.requests == []


def test_an_interrupted_run_shows_what_is_whole(knowing: ModelServer, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tests.bench.sleeptime", *_words(knowing, tmp_path, "--at-once", "1")]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:

        def interrupting(body: Body) -> str:
            if len(knowing.requests) == 130:
                running.send_signal(signal.SIGINT)
            return _knowing(body)

        knowing.script[:] = [(re.compile(""), interrupting)]
        told, _ = running.communicate()
    assert running.returncode == 1
    assert "Ended early: interrupted." in told
    assert len(results.read(tmp_path).played) == 1


def test_a_budget_is_never_passed_and_what_is_whole_is_shown(
    knowing: ModelServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        sleeptime.main(_words(knowing, tmp_path, "--at-once", "1", "--most-tokens", "75000"))
    assert ended.value.code == 1
    assert "the budget of 75,000 tokens" in capsys.readouterr().out
    calls = [json.loads(line) for line in (tmp_path / "calls.jsonl").read_text().splitlines()]
    assert 50_000 < sum(call["prompt"] + call["completion"] for call in calls) <= 75_000
    found = results.read(tmp_path)
    assert [len(one.cells) for one in found.played] == [100]
    assert "Ended early" in (tmp_path / "report.md").read_text()

    sleeptime.main(_words(knowing, tmp_path))
    assert len(results.read(tmp_path).played) == 2
    assert set(_keys(knowing).values()) == {1}


def test_a_dry_run_asks_nothing_and_says_how_much_there_is_to_ask(
    knowing: ModelServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sleeptime.main(_words(knowing, tmp_path, "--dry-run"))
    assert knowing.requests == []
    assert "calls to make: 8 of sleep at most, 200 of test" in capsys.readouterr().out


def test_a_refused_key_ends_the_run_with_a_sentence_and_a_busy_server_is_asked_again(
    knowing: ModelServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    knowing.fails("status", status=429, headers=(("retry-after", "0"),))
    knowing.fails("status", status=401)
    with pytest.raises(SystemExit):
        sleeptime.main(_words(knowing, tmp_path, *LITTLE))
    assert "check the API key" in capsys.readouterr().out
    sleeptime.main(_words(knowing, tmp_path, *LITTLE))
    assert len(results.read(tmp_path).played) == 1


def test_answers_that_are_cut_off_or_refused_are_wrong_and_said(knowing: ModelServer, tmp_path: Path) -> None:
    knowing.fails("length")
    knowing.fails("refusal")
    sleeptime.main(_words(knowing, tmp_path, *LITTLE))
    found = results.read(tmp_path)
    assert [cell.right for cell in found.played[0].cells] == [False, False, *[True] * 8]
    assert "cut off at the limit: 1, refused: 1" in (tmp_path / "report.md").read_text()


def test_gsm_symbolic_is_played_when_it_is_supplied(knowing: ModelServer, tmp_path: Path) -> None:
    file = tmp_path / "gsm.jsonl"
    rows = [
        {"question": f"Mia has {n} nuts. She finds 3. How many has she now?", "answer": f"#### {n + 3}"}
        for n in range(1, 5)
    ]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    def count(body: Body) -> str:
        said = body["messages"][1]["content"]
        before = re.search(r"Mia has (\d+)", said)
        after = int(before[1]) + 3 if before else re.findall(r"(\d+) nuts, then", said)[0]
        return f"{after} nuts, then.\nFINISHED"

    knowing.script[:] = [(re.compile(""), count)]
    sleeptime.main(_words(knowing, tmp_path / "out", "--gsm", str(file)))
    found = results.read(tmp_path / "out")
    assert all(cell.right for one in found.played for cell in one.cells)
    assert found.run.sharing == (1,)
    assert found.run.cases == 2
