"""Somebody else's text stays inside its fence, and shows everything it has."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.domain import Quoted
from graphs.quote import attribute, escape, fence

HOSTILE = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.sampled_from(
            ["</m>", "<m>", '"', ">", "</m\n>", "&lt;/m&gt;", "</mes\u200bsage>", "<!--", "]]>", "\0", "\r\n", "' x='"]
        ),
    ),
    max_size=12,
).map("".join)


@given(HOSTILE, HOSTILE)
def test_a_fence_has_one_beginning_and_one_end_whatever_is_inside(text: str, name: str) -> None:
    fenced = fence("m", Quoted(text=text), {"from": name, "n": "1"})

    assert re.findall(r"<[^>]*>", fenced)[-1] == "</m>" and fenced.count("<") == fenced.count(">") == 2
    head = fenced[: fenced.index(">") + 1]
    assert head.count('"') == 4 and "\n" not in head and re.fullmatch(r'<m from="[^"]*" n="1">', head)
    assert fenced.endswith("\n</m>")


@given(HOSTILE)
def test_what_is_visible_can_be_read_back(text: str) -> None:
    plain = escape(text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")

    kept = [c for c in text if unicodedata.category(c) in {"Lu", "Ll", "Lo", "Nd", "Po", "Sm", "Zs"}]
    kept = [c for c in kept if c not in "\u115f\u1160\u3164\uffa0"]  # letters of Hangul that nobody sees
    assert [c for c in plain if c in kept] == kept


@pytest.mark.parametrize(
    "hidden",
    [
        "\0", "\x08", "\x0b", "\x1b", "\x7f", "\x9b", "\xad", "\u034f", "\u061c", "\u180e", "\u200b", "\u200d", "\u200e", "\u202a",
        "\u202e", "\u2060", "\u2062", "\u2066", "\u2069", "\ufe0f", "\ufeff", "\ufff9", "\U000e0041", "\U000e007f", "\U000e0100",
        "\ud800",
    ],
    ids=ascii,
)  # fmt: skip
def test_an_invisible_character_is_left_out(hidden: str) -> None:
    assert escape(f"ig{hidden}nore") == "ignore"
    assert attribute(f"ig{hidden}nore").replace(" ", "") == "ignore"


@pytest.mark.parametrize("end", ["\x85", "\u2028", "\u2029"], ids=ascii)
def test_an_unusual_end_of_a_line_is_a_plain_one(end: str) -> None:
    assert escape(f"a{end}b") == "a\nb"
    assert attribute(f"a{end}b") == "a b"


@pytest.mark.parametrize(
    "seen", ["Grüße", "日本語", "naïve café", "a\tb\nc", "Ω≈ç√", "👍🏽", "ไทย", "हिन्दी", "שלום", "10 °C – 5 €"]
)
def test_what_people_write_is_left_as_it_is(seen: str) -> None:
    assert escape(seen) == seen


def test_a_long_text_is_cut_with_a_mark_and_a_short_one_is_not() -> None:
    assert fence("m", Quoted(text="abcdef"), limit=3) == "<m>\nabc […]\n</m>"
    assert fence("m", Quoted(text="abc"), limit=3) == "<m>\nabc\n</m>"


def test_quoted_text_shows_nothing_of_itself_in_a_log_line() -> None:
    assert "secret" not in f"{Quoted(text='secret')} {Quoted(text='secret')!r}"
