"""The bench that puts us beside others counts the same characters for each, and its stand-in says the same facts to each."""

import http.client
import json
import re
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

from bot.embedded.model import serving
from graphs.consolidate import Notes, read
from graphs.conversations import compact, stamp
from graphs.domain import Message, Party, Person, Quoted, SlackFacts, SlackSource
from tests.bench.memory.cast import BY_KEY
from tests.bench.memory.weeks import Told
from tests.bench.peers.environment import LOCK
from tests.bench.peers.measured import Calls, holds
from tests.bench.peers.reader import NOTHING, answered, facts, shown
from tests.bench.peers.spoken import learned, said_size, size
from tests.bench.peers.standin import DIMENSIONS, Log, handler, parts, vector
from tests.bench.peers.world import ZONE, World, line, world
from tests.house.repo import ROOT

OFFICE = world(200, 50)
SAID = [line(one) for one in OFFICE.told]
CERTAIN = {one.claim for one in OFFICE.told if one.claim}
PEOPLE = {key: Person(key=key, name=one.name) for key, one in BY_KEY.items()}


def _request(*said: str, **more: Any) -> dict[str, Any]:
    roles = ("system", "user")
    turns = [{"role": role, "content": text} for role, text in zip(roles, said, strict=True)]
    return {"model": "stand-in", "messages": turns} | more


def _message(number: int, one: Told) -> Message:
    return Message(
        id=number, scope=f"channel:{one.place}", source=SlackSource(channel=one.place, ts=one.key), thread=one.key,
        author=Party(key=one.author, name=BY_KEY[one.author].name), sent_at=one.at, text=Quoted(text=one.text), slack=SlackFacts(),
    )  # fmt: skip


def test_a_world_has_as_many_messages_as_were_wanted_and_twenty_questions_that_they_answer() -> None:
    assert (len(OFFICE.told), len(OFFICE.asked)) == (200, 20)
    assert all(holds(one, answered(one, shown("\n".join(SAID)))) for one in OFFICE.asked)
    assert all(answered(one, shown("\n".join(SAID[:1]))) == NOTHING for one in OFFICE.asked)


def test_more_messages_are_more_nights_and_not_longer_ones() -> None:
    def most_in_a_night(made: World) -> int:
        return max(
            sum(one.place == place for one in said) for _, said in made.nights() for place in {t.place for t in said}
        )

    longer = world(600, 50)
    assert (most_in_a_night(OFFICE), most_in_a_night(longer)) == (50, 50)


def test_every_character_that_a_model_reads_and_writes_is_counted_once_for_whoever_asks() -> None:
    tools = [{"type": "function", "function": {"name": "Memory", "parameters": {}}}]
    plain = _request("fixed", "and the question")
    assert size(plain) == len("fixed") + len("and the question")
    assert size(plain | {"tools": tools}) == size(plain) + len(json.dumps(tools))
    assert size(plain | {"temperature": 0, "stream": True}) == size(plain)


def test_a_context_is_what_is_neither_instruction_nor_question() -> None:
    asked = OFFICE.asked[0]
    told = "\n".join(SAID[:5])
    whole, fixed, beside = parts(_request("fixed", f"{told}\n\nQuestion: {asked.question}"), OFFICE.asked)
    assert (whole - fixed - beside, fixed, beside) == (len(told) + 2, 5, len(f"Question: {asked.question}"))
    ours = f"{told}\nIt is Mon 2026-02-16 00:00 or later. Ada asks:\n<message>\n{asked.question}\n</message>"
    whole, fixed, beside = parts(_request("fixed", ours), OFFICE.asked)
    assert whole - fixed - beside == len(told) + 1


def test_every_system_is_told_the_same_facts_in_its_own_form() -> None:
    langmem = learned(
        _request("memory", f"<session_1>\n{chr(10).join(SAID)}\n</session_1>", tools=[{"function": {"name": "Memory"}}])
    )
    new = "\n".join(f"user: {one}" for one in SAID)
    mem0 = learned(
        _request("memory", f"## New Messages\n{new}\n## Observation Date", response_format={"type": "json_object"})
    )
    assert langmem is not None and mem0 is not None
    contents = [arguments["content"] for _, arguments in langmem.calls]
    assert contents == [one["text"] for one in json.loads(mem0.content)["memory"]]
    assert {one.claim for one in facts(shown("\n".join(contents)))} == CERTAIN
    assert said_size(langmem) == sum(len("Memory") + len(json.dumps({"content": one})) for one in contents)


def test_what_it_notes_for_nightdesk_passes_every_check_of_ours() -> None:
    block = [_message(number, one) for number, one in enumerate(OFFICE.told)]
    asked = f"Place: x.\n{compact(block, ZONE, PEOPLE)}"
    found = learned(_request("night", asked, response_format={"json_schema": {"name": "Notes"}}))
    assert found is not None
    notes = Notes.model_validate_json(f'{{"notes": {json.dumps(json.loads(found.content)["notes"][:100])}}}')
    kept = read(notes, block)
    assert len(kept) == len(notes.notes) == len(CERTAIN)
    assert {
        one.claim for each in kept for one in facts(shown(f"[{stamp(each.said_at, ZONE)}] #x {each.text}"))
    } == CERTAIN


def test_a_memory_that_speaks_of_the_same_is_brought_up_to_date_and_keeps_what_it_said() -> None:
    held = "<instance id=m1 schema_type=\"Memory\">\n{'content': 'Ada Nowak on Mon 2026-01-05 08:00: Fen needs 40 units in the first batch.'}\n</instance>"
    said = "<session_1>\n[Tue 2026-01-06 08:00] #supply Carl Iversen: Correction for Fen: 80 units in the first batch.\n</session_1>"
    tools = [{"function": {"name": name}} for name in ("PatchDoc", "Memory")]
    found = learned(_request(held, said, tools=tools))
    assert found is not None
    [(name, arguments)] = found.calls
    assert (name, arguments["json_doc_id"]) == ("PatchDoc", "m1")
    value = arguments["patches"][0]["value"]
    assert [one.claim.value for one in facts(shown(f"- {value}"))] == ["40", "80"]
    again = learned(
        _request(
            held.replace("Ada Nowak", "Carl Iversen"),
            said.replace("Correction for Fen: 80", "Fen needs 40"),
            tools=tools,
        )
    )
    assert again is not None and again.calls[0][1]["patches"] == []


def test_words_that_are_shared_bring_two_texts_near_and_nothing_else_does() -> None:
    def near(one: str, other: str) -> float:
        return sum(a * b for a, b in zip(vector(one), vector(other), strict=True))

    assert len(vector("")) == DIMENSIONS
    assert near("the housings of Fen", "Fen housings!") > 0.99
    assert abs(near("housings", "batteries")) < 0.01


def test_a_system_in_its_own_process_reaches_this_machine_and_nothing_else() -> None:
    words = (
        "import socket, sys; from tests.bench.peers.wire import stay_here; stay_here(); here = socket.create_server(('127.0.0.1', 0));"
        "socket.create_connection(here.getsockname()).close(); print('here');"
        "socket.create_connection((sys.argv[1], 80), 1)"
    )
    for elsewhere in ("192.0.2.1", "somewhere.example"):
        run = subprocess.run(
            [sys.executable, "-c", words, elsewhere], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert (run.stdout, run.returncode) == ("here\n", 1)
        assert run.stderr.strip().endswith(f"PermissionError: {elsewhere} is not on this machine")


def test_every_package_of_the_others_is_pinned_with_a_hash_and_no_address() -> None:
    said = LOCK.read_text()
    wanted = re.split(r"\n(?=\w)", said)
    assert {"langmem", "mem0ai", "langgraph"} <= {one.partition("==")[0] for one in wanted}
    assert [one.split()[0] for one in wanted if "--hash=sha256:" not in one] == []
    assert "://" not in said


def test_the_server_tells_each_sender_of_its_own_calls_once() -> None:
    asked = OFFICE.asked[0]
    body = _request("fixed", "\n".join([*SAID, f"Question: {asked.question}"]))
    with serving(handler(OFFICE.asked, Log())) as base_url:
        calls = Calls(base_url.removesuffix("/v1"))
        text = _post(calls.root, "/one/answer/v1/chat/completions", body)["choices"][0]["message"]["content"]
        _post(calls.root, "/one/embed/v1/embeddings", {"model": "stand-in", "input": ["four"]})
        [seen], [vectors] = calls.take("one/answer"), calls.take("one/embed")
        assert calls.take("one/answer", "two/answer") == []
    assert holds(asked, text)
    assert (seen.prompt, seen.completion, vectors.prompt) == (size(body), len(text), 4)


def _post(root: str, path: str, body: dict[str, Any]) -> Any:
    wire = http.client.HTTPConnection(urlsplit(root).netloc)
    wire.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    answer = json.loads(wire.getresponse().read())
    wire.close()
    return answer
