"""mrkdwn both ways: what people wrote is read, and what goes out calls nobody and links nowhere."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.mrkdwn import (
    PRIVATE,
    defang,
    escape,
    is_broadcast,
    link,
    links,
    mentions,
    sanitize,
    to_plain,
    unescape,
    visible,
)
from graphs.domain import Link

NAMES = {"U1": "Ada", "C1": "launch", "S1": "devs"}


def plain(raw: str) -> str:
    return to_plain(raw, lambda key: NAMES.get(key, ""))


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("<@U1> and <@U9|gus> and <@U8>", "@Ada and @gus and @U8"),
        ("<#C1> <#C2|old> <#C3|>", "#launch #old #C3"),
        ("<!here> <!channel|channel> <!subteam^S1> <!subteam^S2|@ops>", "@here @channel @devs @ops"),
        ("<!date^1795450808^{date}|23 Nov>", "23 Nov"),
        ("<https://a.example/?x=1&amp;y=2> <https://b.example|B &amp; C>", "https://a.example/?x=1&y=2 B & C"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("1 &lt; 2 &amp;lt; :tada:", "1 < 2 &lt; :tada:"),
        ("*bold* _soft_ ~gone~ snake_case_name 2 * 3 * 4", "bold soft ~gone~ snake_case_name 2 * 3 * 4"),
        ("`x = *y*` and ```a_b_ *c*```", "`x = *y*` and ```a_b_ *c*```"),
        ("a\r\nb", "a\nb"),
        ("<> < <weird> |", "<> < weird |"),
    ],
)
def test_mrkdwn_reads_as_slack_shows_it(raw: str, shown: str) -> None:
    assert plain(raw) == shown


def test_a_channel_whose_name_is_not_for_every_reader_is_called_so_whatever_its_label() -> None:
    def name_of(key: str) -> str:
        return PRIVATE if key == "C9" else NAMES.get(key, "")

    assert to_plain("<#C9> <#C9|merger> <#C1>, not `<#C9|merger>`", name_of) == (
        "a private channel a private channel #launch, not `a private channel`"
    )


def test_mentions_broadcasts_and_links_are_found() -> None:
    raw = "<@U1> <@W2|w> <@U1> <https://a.example/?x&amp;y|a> <mailto:x@y.example>"
    assert mentions(raw) == ("U1", "W2")
    assert links(raw) == (
        Link(shown="a", target="https://a.example/?x&y"),
        Link(shown="mailto:x@y.example", target="mailto:x@y.example"),
    )
    assert not is_broadcast(raw) and not is_broadcast("@here &lt;!here&gt;")
    assert all(is_broadcast(raw) for raw in ("<!here>", "<!channel|channel>", "<!everyone>", "<!subteam^S1|@devs>"))


@given(st.text())
def test_escaping_can_be_undone(text: str) -> None:
    assert unescape(escape(text)) == text


@given(st.text(alphabet=st.sampled_from("<>@#!|^&;*_~`UC1 https:/.a\n")))
def test_any_raw_text_can_be_read(raw: str) -> None:
    plain(raw), mentions(raw), links(raw), is_broadcast(raw)


PIECES = (
    "<!channel>", "<@U1>", "<https://evil.example|x>", "&lt;!here&gt;", "@here", "@Channel", "@everyone", "https://evil.example/?d=secret",
    "HTTP://evil.example", "slack://user", "mailto:a@evil.example", "evil.example", "evil.com/leak?d=1", "www.evil.com", "*", "_", "~", "`",
    "**", "```", "[a](", ")", "![i](", "[r]: ", "\u200b", "\u202e", "\u2060", "\u00ad", "\ufeff", "\U000e0041", "\u200d", "\n", "> ", "# ", "# h",
    " ", "a", "b", "é", "日", "👩", ".", ":", "/", "@", "h", "ttps://x.example", "&", "<", ">", "|", "\ud83d", "\0", "\x1b[31m",
)  # fmt: skip
HOSTILE = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)), max_size=30).map("".join)
FORMATS = re.compile(r"(?<!\w)([*_~])(?=\S)[^\n]*?\S\1(?!\w)|`|\*\*|~~")


@given(HOSTILE)
def test_what_goes_out_mentions_calls_links_and_formats_nothing(text: str) -> None:
    out = sanitize(text)

    assert "<" not in out and ">" not in out
    assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt);)*", out)
    assert not re.search(r"@(here|channel|everyone|group)\b", out, re.IGNORECASE)
    assert not re.search(
        r"[a-z][a-z0-9+.-]*://|\b(mailto|javascript|data):\S|evil\.(com|example)(?![^\W_])|www\.",
        re.sub(r"\S+@\S+", "", out),
        re.IGNORECASE,
    )
    assert "](" not in out and not FORMATS.search(out)
    assert not re.search(r"^\s*(>|#{1,6}\s)", unescape(out), re.MULTILINE)
    assert not re.search("[\u200b\u202e\u2060\u00ad\ufeff\U000e0041\0\x1b]", out)
    out.encode()


@given(HOSTILE)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert visible(visible(text)) == visible(text)
    assert sanitize(unescape(sanitize(text))) == sanitize(text)


@pytest.mark.parametrize(
    ("text", "out"),
    [
        (
            "Ada owes the price for 50 seats by 17:00 (3.5 %), e.g. today.",
            "Ada owes the price for 50 seats by 17:00 (3.5 %), e.g. today.",
        ),
        ("see offer.pdf of bob.smith@acme.example", "see offer.pdf of bob.smith@acme.example"),
        ("go to https://evil.example/p?d=1, now", "go to (link: evil[.]example), now"),
        ("deploy of billing.acme.com", "deploy of billing[.]acme[.]com"),
        ("<!channel> @here", "&lt;!channel&gt; [at]here"),
        ("@ch\u200bannel", "[at]channel"),
        ("snake_case stays, *bold* does not", "snake_case stays, \u2217bold\u2217 does not"),
        ("👩\u200d💻 می\u200cخواهم", "👩\u200d💻 می\u200cخواهم"),
    ],
)
def test_ordinary_text_stays_readable(text: str, out: str) -> None:
    assert sanitize(text) == out


def test_links_by_code_open_only_what_they_may() -> None:
    assert link("https://acme.slack.com/archives/C1/p1", "#launch") == "<https://acme.slack.com/archives/C1/p1|#launch>"
    assert link("https://a.example/?x=1&y=2", "a|<b>") == "<https://a.example/?x=1&amp;y=2|a\u00a6&lt;b&gt;>"
    assert link("mid:a@b", "mail") == link("javascript:alert(1)", "mail") == "mail"
    assert link("https://a.example/>|<!channel>", "x") == link("https://me@evil.example", "x") == "x"


@pytest.mark.parametrize(
    "text", ["a." * 50_000, "a" * 200_000, "@" * 100_000, "*_~" * 50_000, "<" * 100_000, "a-" * 100_000 + "@"]
)
def test_long_texts_take_no_longer_than_they_are(text: str) -> None:
    began = time.process_time()
    sanitize(text), defang(text), plain(text)
    assert time.process_time() - began < 5
