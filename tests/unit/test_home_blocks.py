"""The Home tab, modals and replies within Slack's limits, whatever stands in them, and inert whatever others wrote."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block as SdkBlock
from slack_sdk.models.views import View

from bot.slack import blocks_learned, blocks_thread, kit
from bot.slack.blocks_home import ZONES, Box, Home, Row, home_view
from bot.slack.blocks_learned import Learned
from bot.slack.blocks_thread import Cited, Shown
from bot.slack.limits import SELECT_OPTIONS, Block, problems, view_problems
from bot.store.mornings import Shadow
from graphs.domain import Ask, Preferences

DAY = date(2026, 11, 24)
TEXTS = st.one_of(
    st.text(max_size=300),
    st.sampled_from(["&" * 300, "<!channel> @here https://evil.example/?x", "\u200b", "*x* <@U1>", "日本" * 150, ""]),
)
IDS = st.text(min_size=1, max_size=200).filter(str.strip)
CITED = st.builds(
    Cited,
    label=TEXTS,
    url=st.sampled_from(["https://a.slack.com/archives/C1/p1", "javascript:x", "mid:a@b", ""]),
    text=TEXTS,
)
SHOWN = st.builds(
    Shown, title=TEXTS, to=TEXTS, cc=TEXTS, subject=TEXTS, text=st.text(max_size=20_000) | TEXTS, state=TEXTS, why=TEXTS,
    asks=st.lists(st.builds(Ask, ask=TEXTS, answered=st.booleans()), max_size=12).map(tuple),
    facts=st.lists(CITED, max_size=12).map(tuple), assumptions=st.lists(TEXTS, max_size=5).map(tuple),
    slots=st.lists(TEXTS, max_size=3).map(tuple), withheld=st.lists(CITED, max_size=3).map(tuple),
)  # fmt: skip
HOURS = st.builds(
    Preferences, zone=st.none() | st.sampled_from([*ZONES, "Asia/Pyongyang"]), night_at=st.times(), wakes_at=st.times(),
    working_days=st.lists(st.integers(0, 6), unique=True).map(tuple), level=st.sampled_from(["all", "standard", "high", "off"]),
    shadow=st.none() | st.booleans(), paused=st.booleans(),
)  # fmt: skip
LEARNED = st.builds(
    Learned, key=st.text("0123456789abcdef", min_size=20, max_size=20), told=st.sampled_from(["New", "Changed"]), text=TEXTS, was=TEXTS, where=TEXTS,
    sources=st.lists(CITED, max_size=9).map(tuple), state=TEXTS, may_undo=st.booleans(), may_rule_out=st.booleans(),
)  # fmt: skip
HOMES = st.builds(
    Home, today=st.just(DAY), headline=TEXTS, card_url=st.sampled_from(["https://a.slack.com/archives/D1/p1", ""]),
    still=st.lists(TEXTS, max_size=5).map(tuple),
    tasks=st.lists(st.builds(Row, id=IDS, text=TEXTS, about=TEXTS, step=TEXTS), max_size=8, unique_by=lambda row: row.id).map(tuple),
    tasks_in_all=st.integers(0, 100), drafts=st.lists(TEXTS, max_size=8).map(tuple),
    boxes=st.lists(
        st.builds(Box, scope=st.integers(1, 99), name=TEXTS, told=TEXTS, broken=st.booleans()), max_size=5,
        unique_by=lambda box: box.scope).map(tuple),
    learned=st.lists(LEARNED, max_size=5, unique_by=lambda one: one.key).map(tuple),
    left_out=st.lists(st.tuples(IDS, TEXTS), max_size=8).map(tuple), hours=HOURS, zone=TEXTS,
    privacy=st.just(("Nothing leaves this machine.",)), connect=st.just(("Connect one.",)),
    shadow=st.builds(Shadow, on=st.booleans(), night=st.integers(0, 9)),
)  # fmt: skip


def parts(found: Any) -> Iterator[dict[str, Any]]:
    if isinstance(found, dict):
        yield found
        for value in found.values():
            yield from parts(value)
    elif isinstance(found, list):
        for value in found:
            yield from parts(value)


def inert(blocks: list[Block]) -> bool:
    """No mention, no broadcast, no link but those that code made."""
    said = [part["text"] for part in parts(blocks) if part.get("type") == "mrkdwn"]
    tokens = [token for text in said for token in re.findall(r"<([^>]*)>", text)]
    return all(token.startswith("https://a.slack.com/") for token in tokens)


@settings(max_examples=60, deadline=None)
@given(HOMES)
def test_a_home_tab_is_within_limits_and_inert_whatever_it_shows(home: Home) -> None:
    view = home_view(home)
    assert view_problems(view) == []
    assert inert(view["blocks"])
    View(**view).validate_json()


@settings(max_examples=60, deadline=None)
@given(st.lists(SHOWN, min_size=1, max_size=8))
def test_receipts_and_previews_are_within_limits_and_inert_whatever_they_show(drafts: list[Shown]) -> None:
    for blocks in (blocks_thread.receipts(drafts), *(blocks_thread.preview(one) for one in drafts)):
        assert problems("text", blocks) == []
        assert inert(blocks)
        for block in blocks:
            parsed = SdkBlock.parse(block)
            assert parsed is not None
            parsed.validate_json()


def test_what_a_draft_left_out_is_named_once_for_each_place() -> None:
    places = [
        ("#deals", "https://x.example/1"),
        ("your mail", ""),
        ("#deals", "https://x.example/2"),
        ("your mail", ""),
    ]
    deals, mail = kit.places(places)
    assert deals == "<https://x.example/1|#deals>, <https://x.example/2|2>" and mail == "your mail"


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.lists(TEXTS, max_size=4), st.lists(CITED, max_size=9))
def test_reasons_are_within_limits_and_inert(about: str, lines: list[str], cited: list[Cited]) -> None:
    blocks = blocks_thread.reasons(about, lines, cited)
    assert problems("text", blocks) == [] and inert(blocks)


@settings(max_examples=40, deadline=None)
@given(st.lists(LEARNED, max_size=9, unique_by=lambda one: one.key), st.sampled_from(["", "77"]), TEXTS)
def test_a_page_of_what_was_learned_is_within_limits_and_inert(found: list[Learned], older: str, told: str) -> None:
    view = blocks_learned.modal(found, "99", older, told)
    assert view_problems(view) == [] and inert(view["blocks"])
    View(**view).validate_json()


@pytest.mark.parametrize(
    "view",
    [blocks_thread.pick_a_day("t-1", "x" * 500, DAY), blocks_thread.connect_modal(["*One*", "two"])],
    ids=["pick a day", "connect"],
)
def test_modals_are_such_as_slack_takes(view: Block) -> None:
    assert view_problems(view) == []
    View(**view).validate_json()


def test_every_zone_that_is_offered_is_one_and_they_fit_a_menu() -> None:
    from zoneinfo import available_timezones

    assert set(ZONES) <= available_timezones()
    assert len(ZONES) + 2 <= SELECT_OPTIONS


def test_what_is_chosen_is_shown_as_chosen() -> None:
    hours = Preferences(zone="Asia/Pyongyang", night_at=time(22, 30), working_days=(0, 6), level="high")
    shown = json.dumps(home_view(home_with(hours)))
    for words in ('"initial_time": "22:30"', '"text": "Asia/Pyongyang"', '"text": "Only what is urgent"'):
        assert words in shown
    boxes = next(part for part in parts(home_view(home_with(hours))) if part.get("type") == "checkboxes")
    assert [one["text"]["text"] for one in boxes["initial_options"]] == ["Mon", "Sun"]
    nobody = home_view(home_with(Preferences(working_days=())))
    assert "initial_options" not in next(part for part in parts(nobody) if part.get("type") == "checkboxes")


def test_an_open_task_says_what_to_do_next_and_opens_where_it_can() -> None:
    rows = (
        Row("t-1", "Review", "2 days", "Answer Bob", "https://acme.slack.com/archives/C1/p1"),
        Row("t-2", "Call", ""),
    )
    shown = list(parts(home_view(replace(home_with(Preferences()), tasks=rows, tasks_in_all=2))))
    assert "Review\n→ Answer Bob\n2 days" in [one.get("text") for one in shown]
    assert [one["url"] for one in shown if one.get("action_id", "").startswith("digest.open/")] == [rows[0].url]


def home_with(hours: Preferences) -> Home:
    return Home(
        DAY, "", "", (), (), 0, (), (), (), (), hours, "UTC", ("Nothing leaves.",), ("Connect one.",), Shadow(on=True, night=2)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "told"),
    [(None, "*Drafts are shown in Slack only, night 2 of 3.*"), (True, "*Drafts are shown in Slack only.*")],
)
def test_the_tab_says_how_long_drafts_are_shown_in_slack_only(chosen: bool | None, told: str) -> None:
    assert told in json.dumps(home_view(home_with(Preferences(shadow=chosen))))


@pytest.mark.parametrize(
    ("element", "problem"),
    [
        ({"type": "timepicker", "action_id": "a", "initial_time": "24:00"}, "initial_time is '24:00'"),
        ({"type": "datepicker", "action_id": "a", "initial_date": "24 Nov"}, "initial_date is '24 Nov'"),
        (
            {"type": "checkboxes", "action_id": "a", "options": kit.options({str(n): "x" for n in range(11)})},
            "11 options",
        ),
        (
            {"type": "checkboxes", "action_id": "a", "options": kit.options({"1": "x"}), "initial_options": []},
            "initial options",
        ),
        ({**kit.menu("a", "Pick", {"1": "x"}), "initial_option": kit.options({"2": "y"})[0]}, "initial option"),
        ({**kit.button("a", "Go"), "confirm": kit.asked_first("x" * 101, "t", "Yes")}, "confirm title has 101"),
    ],
)
def test_broken_limits_of_pickers_are_named(element: Block, problem: str) -> None:
    assert any(problem in found for found in problems("text", [kit.actions(element)]))


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        ({"type": "home", "blocks": []}, "0 blocks"),
        ({"type": "home", "blocks": [{"type": "divider"}] * 101}, "101 blocks"),
        ({"type": "modal", "title": kit.plain("x" * 25), "blocks": [{"type": "divider"}]}, "title has 25"),
        (
            {"type": "modal", "title": kit.plain("x"), "private_metadata": "x" * 3001, "blocks": [{"type": "divider"}]},
            "3001",
        ),
        ({"type": "page", "blocks": [{"type": "divider"}]}, "unknown view page"),
    ],
)
def test_broken_limits_of_views_are_named(view: Block, problem: str) -> None:
    assert any(problem in found for found in view_problems(view))


def test_inputs_of_a_modal_need_a_submit_button() -> None:
    view = blocks_thread.pick_a_day("t-1", "x", DAY)
    view.pop("submit")
    assert view_problems(view) == ["inputs without a submit button"]
