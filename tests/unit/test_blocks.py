"""Block Kit within Slack's limits, whatever a digest holds."""

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block as SdkBlock

from bot.slack import blocks as kit
from bot.slack.blocks import digest_blocks, fallback_text, more_pages
from bot.slack.interactions import Pressed, read
from bot.slack.limits import MOST_BLOCKS, MOST_TEXT, Block, problems, total_text
from graphs.digest_value import SECTIONS, Digest, Footer, Item, ItemLink, Skipped

DAY = date(2026, 11, 24)
TEXTS = st.one_of(
    st.text(max_size=220),
    st.sampled_from(["&" * 220, "<!channel> @here https://evil.example/?x", "\u200b", "*x*", "日本" * 100]),
)
URLS = st.one_of(
    st.sampled_from(
        ["https://a.slack.com/archives/C1/p1", "mid:a@b", "slack://channel?team=T1&id=C1", "javascript:x", ""]
    ),
    st.text(max_size=40).map(lambda tail: "https://a.example/" + tail),
    st.just("https://a.example/" + "&" * 480),
)
LINKS = st.builds(ItemLink, label=TEXTS, url=URLS)


def items(most: int) -> st.SearchStrategy[list[Item]]:
    one = st.builds(
        Item,
        section=st.sampled_from(SECTIONS),
        kind=st.sampled_from(["task", "draft", "question", "notice", "change", "errand", "answer"]),
        id=st.text(min_size=1, max_size=200).filter(str.strip),
        text=TEXTS.filter(bool),
        next_step=TEXTS,
        owner=st.just("U1"),
        due=st.none() | st.dates(),
        age_days=st.integers(0, 5000),
        links=st.lists(LINKS, max_size=6).map(tuple),
    )
    return st.lists(one, max_size=most)


FOOTERS = st.builds(
    Footer,
    read=TEXTS,
    skipped=st.lists(st.builds(Skipped, what=TEXTS, why=TEXTS), max_size=9).map(tuple),
    cost=TEXTS,
    cap=TEXTS,
    failed=st.lists(TEXTS, max_size=9).map(tuple),
    notes=st.lists(TEXTS, max_size=9).map(tuple),
)
DIGESTS = st.builds(
    Digest,
    person=st.just("U1"),
    name=TEXTS,
    date=st.just(DAY),
    headline=TEXTS,
    items=items(12).map(tuple),
    more=items(15).map(tuple),
    footer=FOOTERS,
    model=st.booleans(),
    recorded=st.booleans(),
)


def item(key: str, **more: Any) -> Item:
    fields = {"section": "needs_you", "kind": "task", "text": "Bob waits for the price.", "owner": "U1", **more}
    return Item(id=key, **fields)


def digest(*found: Item, **more: Any) -> Digest:
    return Digest(person="U1", name="Ada", date=DAY, headline="Tue 24 Nov: 1 needs you", items=found, **more)


def parts(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            yield from parts(entry)


def shown(blocks: list[Block]) -> str:
    return "\n".join(part["text"] for part in parts(blocks) if isinstance(part.get("text"), str))


def test_more_messages_of_one_place_are_numbers_behind_its_name() -> None:
    to = "https://a.slack.com/archives/{}/p1".format
    links = [("#supply", to("C1")), ("mail from Wade", "mid:a@b"), ("#supply", to("C2")), ("mail from Wade", "mid:c@d")]
    found = digest_blocks(digest(item("t-1", links=tuple(ItemLink(label=label, url=url) for label, url in links))))
    assert "<https://a.slack.com/archives/C1/p1|#supply>, <https://a.slack.com/archives/C2/p1|2> · mail from Wade" in (
        json.dumps(found, ensure_ascii=False)
    )


@given(DIGESTS)
@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=40)
def test_every_digest_fits_slack_and_shows_no_link_or_call_that_code_did_not_make(found: Digest) -> None:
    for blocks in (
        digest_blocks(found),
        digest_blocks(found, {item.id: "Done" for item in found.items}),
        digest_blocks(found, offer=True, told="Night 2 of 3."),
        digest_blocks(found, told="Your first nights are over."),
        *more_pages(found),
    ):
        assert problems(fallback_text(found), blocks) == []
        json.dumps(blocks).encode()
        for block in SdkBlock.parse_all(blocks):
            block.to_dict()
        texts = [part for part in parts(blocks) if part.get("type") == "mrkdwn"]
        assert all(text["verbatim"] for text in texts)
        made = {link.url for one in (*found.items, *found.more) for link in one.links}
        for text in texts:
            for target in re.findall(r"<([^|>]*)", text["text"]):
                assert target.replace("&amp;", "&") in made


def test_twelve_items_of_six_sections_with_everything_fit() -> None:
    links = tuple(
        ItemLink(label=f"#channel-{n}", url=f"https://acme.slack.com/archives/C{n}/p1795450808616635") for n in range(4)
    )
    full = [
        item(f"t-{n}", section=SECTIONS[n % 6], text="x " * 110, next_step="y " * 110, links=links, due=DAY, age_days=3)
        for n in range(12)
    ]
    footer = Footer(read="much", cost="1 USD", cap="2 USD", failed=("a", "b"), notes=("c",))
    blocks = digest_blocks(digest(*full, more=tuple(full), footer=footer), offer=True, told="Night 2 of 3.")

    assert len(blocks) <= MOST_BLOCKS - 2 and total_text(blocks) <= MOST_TEXT
    assert "x " * 100 in shown(blocks)  # nothing had to be shortened


def test_an_item_shows_fact_step_links_due_and_age_with_its_buttons() -> None:
    url = "https://acme.slack.com/archives/C1/p1"
    blocks = digest_blocks(
        digest(item("t-1", next_step="Send it.", links=(ItemLink(label="#launch", url=url),), due=DAY, age_days=3))
    )

    header, caption, fact, about, actions, *_ = blocks
    assert header["text"]["text"] == "Tue 24 Nov: 1 needs you"
    assert caption["text"]["text"] == "*Needs you today*"
    assert fact["text"]["text"] == "Bob waits for the price.\n→ Send it."
    assert about["elements"][0]["text"] == f"<{url}|#launch> · *due today* · 3 days old"
    assert [e["action_id"] for e in actions["elements"]] == ["digest.done/t-1", "digest.snooze/t-1", "digest.open/t-1"]
    assert actions["elements"][2]["url"] == url
    assert fact["accessory"]["action_id"] == "digest.more/t-1"


def test_drafts_and_answers_have_their_own_buttons() -> None:
    found = digest(item("d/1", kind="draft", section="drafts"), item("a-1", kind="answer", section="answers"))
    ids = [part["action_id"] for part in parts(digest_blocks(found)) if "action_id" in part]

    assert ids == [
        "digest.more/d/1", "digest.preview/d/1", "digest.discard/d/1", "digest.redo/d/1",
        "digest.more/a-1", "digest.show/a-1", "digest.done/a-1", "digest.snooze/a-1",
    ]  # fmt: skip


def test_every_press_says_which_item_and_what() -> None:
    found = digest(item("d/1", kind="draft", section="drafts"), item("t-1"))
    for part in parts(digest_blocks(found)):
        if "action_id" not in part:
            continue
        for chosen in part.get("options", [None]):
            press = pressed({**part, "selected_option": chosen} if chosen else part)
            assert press.item in ("d/1", "t-1")
            assert press.first == (chosen["value"] if chosen else part.get("value", ""))
    assert pressed({"action_id": "digest.done/t-1", "value": "t-1"}).action == kit.DONE


def pressed(action: dict[str, Any]) -> Pressed:
    container = {"type": "message", "channel_id": "D1", "message_ts": "1.0"}
    found = read({"type": "block_actions", "user": {"id": "U1"}, "container": container, "actions": [action]})
    assert isinstance(found, Pressed)
    return found


@pytest.mark.parametrize(
    "payload",
    [{}, {"type": "block_actions"}, {"type": "block_actions", "user": {"id": "U1"}, "actions": []},
     {"type": "block_actions", "user": {"id": "U1"}, "actions": ["x"]}, {"type": "view_closed", "user": {"id": "U1"}}],
)  # fmt: skip
def test_nothing_follows_from_what_is_no_press(payload: dict[str, Any]) -> None:
    assert read(payload) is None


def test_an_empty_day_is_one_line_unless_something_failed() -> None:
    footer = Footer(read="61 messages", cost="0.01 USD")
    assert shown(digest_blocks(digest(footer=footer))) == "Tue 24 Nov: 1 needs you"
    failed = digest(footer=Footer(failed=("Mail not read since 02:10 (login refused).",)))
    assert shown(digest_blocks(failed)).split("\n")[1:] == ["⚠ Mail not read since 02:10 (login refused)."]


def test_a_settled_item_keeps_its_place_without_buttons() -> None:
    blocks = digest_blocks(digest(item("t-1"), item("t-2", text="Greta waits.")), {"t-1": "Snoozed until Mon 30 Nov"})

    assert "✓ Snoozed until Mon 30 Nov: Bob waits for the price." in shown(blocks)
    assert not any(str(part.get("action_id", "")).endswith("/t-1") for part in parts(blocks))


def test_a_mail_is_named_and_only_the_web_is_opened() -> None:
    links = (ItemLink(label="mail from Wade", url="mid:a@b"), ItemLink(label="x", url="javascript:alert(1)"))
    blocks = digest_blocks(digest(item("t-1", links=links)))
    assert (
        "mail from Wade" in shown(blocks)
        and "mid:" not in json.dumps(blocks)
        and "javascript" not in json.dumps(blocks)
    )


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ({"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}, "section has 3001"),
        ({"type": "section", "text": {"type": "mrkdwn", "text": ""}}, "section is empty"),
        ({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, "header is no plain_text"),
        ({"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}, "header has 151"),
        ({"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}, "11 context elements"),
        ({"type": "actions", "elements": []}, "0 actions"),
        (
            {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "x"}}]},
            "no action_id",
        ),
        ({"type": "image", "image_url": "https://x"}, "unknown type image"),
    ],
)
def test_broken_limits_are_named(block: Block, problem: str) -> None:
    assert any(problem in found for found in problems("text", [block]))


def test_limits_of_the_whole_message_are_named() -> None:
    line = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}
    twins = [
        {
            "type": "actions",
            "elements": [{"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "x"}}],
        }
    ] * 2

    assert problems("", [line]) == ["fallback text is empty"]
    assert problems("t", [line] * 5) == ["all text is longer than 13000"]
    assert problems("t", [{"type": "divider"}] * 51) == ["51 blocks, where 1 to 50 are allowed"]
    assert problems("t", twins) == ["action_id a is used 2 times"]
