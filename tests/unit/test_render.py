"""A digest as text and as one page, whatever it holds."""

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from selectolax.lexbor import LexborHTMLParser

from bot.render_text import digest_html, digest_text, width
from graphs.digest_value import Digest, Footer, Item, ItemLink, age_words, clip, day_words, due_words
from graphs.domain import DocumentSource, MailSource, SlackSource
from graphs.links import WEBMAIL, mail_link, opens, permalink, source_link
from tests.unit.test_blocks import DIGESTS, digest, item

TUESDAY = date(2026, 11, 24)


@given(DIGESTS)
@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=40)
def test_text_has_at_most_100_columns_and_only_links_of_items(found: Digest) -> None:
    text = digest_text(found)

    text.encode()
    assert all(width(line) <= 100 for line in text.split("\n"))
    urls = {link.url for one in (*found.items, *found.more) for link in one.links}
    listed = [line.split(" ", 1)[1] for line in text.split("\n") if re.match(r"\[\d+\] \w+://", line)]
    assert set(listed) <= urls and len(re.findall("://", text)) == sum(url.count("://") for url in listed)


@given(DIGESTS)
@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=40)
def test_a_page_loads_nothing_runs_nothing_and_links_only_what_items_link(found: Digest) -> None:
    html = digest_html(found)
    page = LexborHTMLParser(html)

    html.encode()
    names = {node.tag for node in page.css("*")}
    assert names <= {
        "html", "head", "meta", "title", "style", "body", "header", "main", "section", "article", "footer", "div", "p", "span", "b", "a", "h1", "h2",
    }  # fmt: skip
    assert not any(
        name in ("src", "style") or name.startswith("on") for node in page.css("*") for name in node.attributes
    )
    urls = {link.url for one in (*found.items, *found.more) for link in one.links}
    for node in page.css("[href]"):
        href = node.attributes["href"] or ""
        assert href in urls or href.startswith("message://")
        assert href.startswith(("http://", "https://", "slack://", "message://"))


def test_text_reads_like_this() -> None:
    link = ItemLink(label="#launch", url="https://acme.slack.com/archives/C1/p1")
    found = digest(
        item("t-1", next_step="Send it.", links=(link,), due=date(2026, 11, 26), age_days=3),
        item(
            "t-2",
            section="open",
            text="Greta waits. " * 12,
            links=(link, ItemLink(label="mail from Wade", url="mid:a@b")),
        ),
        more=(item("t-3", section="open", text="Lena waits."),),
        footer=Footer(read="61 Slack messages", cost="0.04 USD", cap="0.50 USD", failed=("Mail not read.",)),
    )
    assert (
        digest_text(found)
        == """\
Tue 24 Nov: 1 needs you

NEEDS YOU TODAY
 1. Bob waits for the price.
    → Send it.
    due Thu 26 Nov · 3 days old · #launch [1]

STILL OPEN
 2. Greta waits. Greta waits. Greta waits. Greta waits. Greta waits. Greta waits. Greta waits. Greta
    waits. Greta waits. Greta waits. Greta waits. Greta waits.
    #launch [1] · mail from Wade

+ 1 more

STILL OPEN
 3. Lena waits.

----------------------------------------
  ! Mail not read.
  Read: 61 Slack messages
  Cost: 0.04 USD of 0.50 USD
  Found without a model.

[1] https://acme.slack.com/archives/C1/p1
"""
    )


def test_further_messages_of_one_place_are_numbers_behind_its_name() -> None:
    here = [ItemLink(label="#supply", url=f"https://acme.slack.com/archives/C1/p{n}") for n in (1, 2)]
    there = ItemLink(label="#launch", url="https://acme.slack.com/archives/C2/p1")
    text = digest_text(digest(item("t-1", links=(here[0], there, here[1]))))
    assert "#supply [1], 2 [2] · #launch [3]" in text
    page = digest_html(digest(item("t-1", links=(here[0], there, here[1]))))
    assert page.count(">#supply</a>, <a href") == 1 and ">2</a>" in page and page.count("#supply") == 1
    bare = tuple(link.model_copy(update={"url": ""}) for link in (*here, there))
    assert "#supply · #launch" in digest_text(digest(item("t-1", links=bare)))


def test_an_empty_day_is_one_line() -> None:
    empty = digest(footer=Footer(read="61 Slack messages", cost="0.01 USD"))
    assert digest_text(empty) == "Tue 24 Nov: 1 needs you\n"
    assert "61 Slack messages" not in digest_html(empty)


def test_a_page_escapes_and_its_policy_allows_only_its_own_style() -> None:
    html = digest_html(
        digest(
            item("t-1", text="<script>alert(1)</script> & <img src=x>", next_step='"><a href="https://evil.example">')
        )
    )

    assert "&lt;script&gt;" in html and "<script" not in html and "<img" not in html and "evil.example" not in html
    assert re.search(
        r"Content-Security-Policy\" content=\"default-src &#39;none&#39;; style-src &#39;sha256-[\w+/=]+&#39;", html
    )


def test_mail_opens_in_the_mail_program() -> None:
    html = digest_html(digest(item("t-1", links=(ItemLink(label="mail", url=mail_link("<a%b+c@mail.example>")),))))
    assert 'href="message://%3Ca%25b%2Bc@mail.example%3E"' in html


def test_dates_and_ages_read_like_this() -> None:
    assert day_words(TUESDAY) == "Tue 24 Nov"
    assert day_words(date(2027, 1, 4), TUESDAY) == "Mon 4 Jan 2027"
    assert [due_words(date(2026, 11, day), TUESDAY) for day in (20, 24, 26)] == [
        "overdue since Fri 20 Nov",
        "due today",
        "due Thu 26 Nov",
    ]
    assert [age_words(days) for days in (0, 1, 3)] == ["", "1 day old", "3 days old"]


@pytest.mark.parametrize(
    ("text", "cut"),
    [("short", "short"), ("a  b\nc", "a b c"), ("one two three", "one two…"), ("abcdefghijklm", "abcdefghi…")],
)
def test_clip_cuts_at_a_word(text: str, cut: str) -> None:
    assert clip(text, 10) == cut


def test_links_are_built_from_sources() -> None:
    slack = SlackSource(channel="C1", ts="1795450808.616635")
    assert (
        permalink("https://acme.slack.com/", "C1", slack.ts) == "https://acme.slack.com/archives/C1/p1795450808616635"
    )
    assert permalink("https://acme.slack.com", "C1", slack.ts, thread_ts="1795450000.000100").endswith(
        "?thread_ts=1795450000.000100&cid=C1"
    )
    assert source_link(slack, team="T1") == "slack://channel?team=T1&id=C1&message=1795450808.616635"
    assert source_link(MailSource(account="a@b", message_id="<x/y?z@h.example>")) == "mid:x%2Fy%3Fz@h.example"
    assert source_link(DocumentSource(name="offer.pdf", page=3)) == ""


def test_a_mail_opens_where_its_mailbox_is_shown_in_a_browser_and_its_id_changes_nothing_else_of_the_address() -> None:
    mail = MailSource(account="ada+x@b.example", message_id="<a#&?/{account}@h.example>")
    found = source_link(mail, webmail=WEBMAIL["imap.gmail.com"])
    assert found.startswith("https://mail.google.com/mail/?authuser=ada%2Bx%40b.example#search/rfc822msgid%3A")
    assert found.endswith("a%23%26%3F%2F%7Baccount%7D%40h.example") and opens(found)
    own = source_link(mail, webmail="https://mail.example/find?id={message_id}")
    assert own == "https://mail.example/find?id=a%23%26%3F%2F%7Baccount%7D%40h.example"


@pytest.mark.parametrize(
    "url", ["https://a.example/x?y#z", "http://a.example", "slack://channel?team=T1&id=C1", "mid:a%25@b"]
)
def test_what_opens(url: str) -> None:
    assert opens(url)


@pytest.mark.parametrize(
    "url",
    ["", "javascript:alert(1)", "data:text/html,x", "https://", "https://bob:pw@evil.example", "https://a.example/ x", "https://a|b", "https://a\u202e.example", "http://[", "//evil.example", "file:///etc/passwd"],
)  # fmt: skip
def test_what_does_not_open(url: str) -> None:
    assert not opens(url)


def test_an_item_is_never_longer_than_220_characters() -> None:
    fields: dict[str, Any] = {"section": "open", "kind": "task", "id": "t", "owner": "U1"}
    Item(text=clip("word " * 100), **fields)
    with pytest.raises(ValueError, match="220"):
        Item(text="x" * 221, **fields)
