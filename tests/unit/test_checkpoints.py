"""Checkpoints are sealed, and loading one builds the project's values and nothing else."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ormsgpack
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.types import Send

from bot.store.checkpoints import Seal, SealedSerializer, serializer
from bot.thinking import CHECKPOINTED
from graphs import consolidate, context, draft, review, tasks
from graphs.digest_value import Footer
from graphs.domain import Quoted, Value
from graphs.errors import NeedsPerson

OLD, NEW, FOREIGN = (bytes([n]) * 32 for n in (1, 2, 3))
RUN = "U1/2026-11-24/tasks"
SEALED = serializer([NEW], CHECKPOINTED, RUN)


@pytest.fixture(scope="module")
def as_the_store_has_them() -> Iterator[None]:
    """Rows have numbers of 64 bits, every moment has its zone, and no text is longer than the shortest bound."""
    st.register_type_strategy(str, st.text(max_size=80))
    st.register_type_strategy(int, st.integers(min_value=-(2**63), max_value=2**63 - 1))
    st.register_type_strategy(float, st.floats(min_value=0, max_value=1))
    st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))
    yield
    st.register_type_strategy(str, st.text())
    st.register_type_strategy(float, st.floats())
    st.register_type_strategy(int, st.integers())
    st.register_type_strategy(datetime, st.datetimes())


@pytest.mark.usefixtures("as_the_store_has_them")
@pytest.mark.parametrize("kind", CHECKPOINTED, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
@given(data=st.data())
@settings(max_examples=6, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_every_value_of_a_state_comes_back_as_it_was(kind: type[Value], data: st.DataObject) -> None:
    value = data.draw(st.from_type(kind))
    written = SEALED.dumps_typed({"held": [value], "sent": Send("node", {"one": value})})
    read = SEALED.loads_typed(written)

    assert read == {"held": [value], "sent": Send("node", {"one": value})}
    assert type(read["held"][0]) is kind
    assert SEALED.dumps_typed(read)[0] == written[0]


def test_every_type_that_a_graph_keeps_in_its_state_is_listed() -> None:
    kept: set[type] = set()
    for module in (consolidate, context, draft, review, tasks):
        for state in (module.State, getattr(module, "One", None)):
            if state is not None:
                kept |= {found for held in state.__annotations__.values() for found in _values(held)}
    assert kept - set(CHECKPOINTED) == set()


def _values(held: Any) -> set[type]:
    inside = {found for part in getattr(held, "__args__", ()) for found in _values(part)}
    if isinstance(held, type) and issubclass(held, Value):
        return {held}.union(*(_values(field.annotation) for field in held.model_fields.values()), inside)
    return inside


# --- sealing --------------------------------------------------------------------------------------

SECRET = {"note": "Wilma has a new job"}


def test_a_sealed_row_shows_nothing_and_no_two_are_alike() -> None:
    first, second = SEALED.dumps_typed(SECRET), SEALED.dumps_typed(SECRET)
    assert b"Wilma" not in first[1] and first[1] != second[1]
    assert SEALED.loads_typed(first) == SEALED.loads_typed(second) == SECRET


@pytest.mark.parametrize(
    "plain",
    [
        JsonPlusSerializer().dumps_typed(SECRET),
        ("json", b"{}"),
        ("null", b""),
        ("pickle", b"cos\nsystem\n."),
        ("", b""),
    ],
)
def test_a_row_that_is_not_sealed_is_refused(plain: tuple[str, bytes]) -> None:
    with pytest.raises(NeedsPerson, match="not sealed"):
        SEALED.loads_typed(plain)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_row_with_any_byte_changed_is_refused(place: int, by: int) -> None:
    kind, sealed = SEALED.dumps_typed(SECRET)
    at = place % len(sealed)
    with pytest.raises(NeedsPerson):
        SEALED.loads_typed((kind, sealed[:at] + bytes([sealed[at] ^ by]) + sealed[at + 1 :]))


@given(st.binary(max_size=64))
def test_a_row_of_other_bytes_is_refused(other: bytes) -> None:
    with pytest.raises(NeedsPerson):
        SEALED.loads_typed(("msgpack+seal", other))


def test_a_row_of_an_older_key_opens_while_it_is_in_the_ring_and_new_ones_take_the_first() -> None:
    before = serializer([OLD], CHECKPOINTED, RUN).dumps_typed(SECRET)
    rotated = serializer([NEW, OLD], CHECKPOINTED, RUN)
    assert rotated.loads_typed(before) == SECRET
    assert SEALED.loads_typed(rotated.dumps_typed(SECRET)) == SECRET
    for ring in ([NEW], [FOREIGN]):
        with pytest.raises(NeedsPerson, match="key"):
            serializer(ring, CHECKPOINTED, RUN).loads_typed(before)


def test_a_row_that_was_moved_to_another_run_is_refused() -> None:
    written = SEALED.dumps_typed(SECRET)
    with pytest.raises(NeedsPerson, match="no key"):
        serializer([NEW], CHECKPOINTED, "U2/2026-11-24/tasks").loads_typed(written)


# --- loading --------------------------------------------------------------------------------------

SINGLE, POSITIONAL, KEYWORD, METHOD, PYDANTIC_1, PYDANTIC_2 = range(6)
"""LangGraph's codes for what a checkpoint asks to be built."""


def forged(code: int, *held: Any) -> tuple[str, bytes]:
    """A row sealed with our key, as somebody would write it who got hold of it."""
    packed = ormsgpack.packb(ormsgpack.Ext(code, ormsgpack.packb(held)))
    return "msgpack+seal", Seal([NEW], RUN).encrypt(packed)[1]


@pytest.mark.parametrize("code", [SINGLE, POSITIONAL, KEYWORD, METHOD, PYDANTIC_1, PYDANTIC_2])
@pytest.mark.parametrize("where", [("os", "mkdir"), ("pathlib", "Path"), ("builtins", "exec"), ("builtins", "eval")])
def test_loading_calls_nothing(tmp_path: Path, code: int, where: tuple[str, str]) -> None:
    target = tmp_path / "made"
    text = str(target) if where[1] in ("mkdir", "Path") else f"__import__('os').mkdir({str(target)!r})"
    arguments: Any = {POSITIONAL: [text], KEYWORD: {"path": text}}.get(code, text)
    method = "mkdir" if where[1] == "Path" else "model_validate_json"
    _loaded(forged(code, *where, arguments, method))
    assert not target.exists()


def test_loading_imports_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a_stranger.py").write_text(f"import os\nos.mkdir({str(tmp_path / 'made')!r})\nclass Stranger: ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for code in (SINGLE, POSITIONAL, KEYWORD, METHOD, PYDANTIC_1, PYDANTIC_2):
        _loaded(forged(code, "a_stranger", "Stranger", {}, "model_validate_json"))
    _loaded(_sealed("json", {"lc": 2, "type": "constructor", "id": ["a_stranger", "Stranger"], "kwargs": {}}))
    assert not (tmp_path / "made").exists()


def test_a_value_that_no_state_keeps_is_not_built_and_one_that_it_keeps_is() -> None:
    open_to_all = JsonPlusSerializer(allowed_msgpack_modules=True)
    for stranger in (Quoted(text="x"), Footer(cost="1")):
        packed = open_to_all.dumps_typed({"held": stranger})[1]
        read = SEALED.loads_typed(("msgpack+seal", Seal([NEW], RUN).encrypt(packed)[1]))
        assert not isinstance(read["held"], Value)
    ours = tasks.ThreadRef(scope="channel:C1", key="t")
    packed = open_to_all.dumps_typed({"held": ours})[1]
    assert SEALED.loads_typed(("msgpack+seal", Seal([NEW], RUN).encrypt(packed)[1])) == {"held": ours}


def test_a_constructor_of_json_makes_nothing() -> None:
    for where in (["os", "system"], ["subprocess", "Popen"], ["builtins", "eval"]):
        asked = {"lc": 2, "type": "constructor", "id": where, "args": ["1/0"], "kwargs": {}}
        found = _loaded(_sealed("json", asked))
        assert found is None or found == asked or isinstance(found, Exception)


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    opened = b"cos\nmkdir\n(V" + os.fsencode(tmp_path / "made") + b"\ntR."
    assert isinstance(_loaded(("pickle+seal", Seal([NEW], RUN).encrypt(opened)[1])), Exception)
    assert not (tmp_path / "made").exists()


def _sealed(kind: str, held: Any) -> tuple[str, bytes]:
    return f"{kind}+seal", Seal([NEW], RUN).encrypt(json.dumps(held).encode())[1]


def _loaded(row: tuple[str, bytes]) -> Any:
    """What a row gives: a value, or the error it raises. Either will do as long as nothing happened."""
    try:
        return SealedSerializer.loads_typed(SEALED, row)
    except Exception as refused:  # noqa: BLE001 - whatever a library says to a forged row
        return refused
