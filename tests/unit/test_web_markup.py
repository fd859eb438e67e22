"""Somebody's mrkdwn on the local page: shown as Slack shows it, and never more than shown."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from bot.web import markup
from bot.web.markup import Names

NAMES = Names(
    users={"U1": "Ada <b>", "U2": "Ben"},
    channels={"C1": "launch"},
    local=lambda url: "/ada/c/C1#m-1-2" if url == "https://night.slack.com/archives/C1/p12" else "",
    me="U2",
)
TAGS = {"a", "strong", "em", "del", "code", "pre", "blockquote", "br", "span"}

ATTRIBUTES = {"href", "rel", "target", "class"}


class Reader(HTMLParser):
    """What a browser would make of it: the tags with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(raw: str) -> str:
    return str(markup.html(raw, NAMES))


def test_formats_mentions_and_emoji_are_shown_as_slack_shows_them() -> None:
    assert shown("*bold* _italic_ ~gone~ `a*b*`") == (
        "<strong>bold</strong> <em>italic</em> <del>gone</del> <code>a*b*</code>"
    )
    assert shown("<@U1> in <#C1|x>, <!here>") == (
        '<span class="mention">@Ada &lt;b&gt;</span> in <span class="mention">#launch</span>, '
        '<span class="mention">@here</span>'
    )
    assert shown("<@U2>") == '<span class="mention me">@Ben</span>'
    assert shown(":rocket: :unknown_thing:") == "🚀 :unknown_thing:"
    assert shown("&gt; said\nso") == "<blockquote>said</blockquote>so"
    assert shown("```a\n*b*```") == "<pre>a\n*b*</pre>"


def test_what_looks_like_a_format_inside_words_stays_text() -> None:
    for text in ("2*3*4", "snake_case_name", "* not bold*", "a ~ b ~ c"):
        assert shown(text) == text


def test_a_link_opens_here_when_it_can_else_in_a_new_tab_and_never_runs_anything() -> None:
    assert shown("<https://night.slack.com/archives/C1/p12|there>") == '<a href="/ada/c/C1#m-1-2">there</a>'
    out = shown("<https://a.example/?x=1&amp;y=2|out>")
    assert out == '<a href="https://a.example/?x=1&amp;y=2" rel="noopener noreferrer" target="_blank">out</a>'
    for target in ("javascript:alert(1)", "data:text/html,x", "https://user:pw@evil.example/"):
        assert "<a" not in shown(f"<{target}|click>")


def test_markup_of_ours_cannot_be_smuggled_in() -> None:
    for raw in (
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "<script>alert(1)</script>",
        '<https://a.example/"onmouseover="x|a>',
        "<@U1|<img src=x onerror=y>>",
        "\ue000<@U1>\ue000",
    ):
        for tag, attributes in Reader(shown(raw)).tags:
            assert tag in TAGS
            assert set(attributes) <= ATTRIBUTES


@given(st.text(alphabet="<>@#!|*_~`&;:/\"' \nabUC1.\ue000\uf8ff", max_size=60))
def test_no_text_makes_any_other_tag_or_a_link_that_does_more_than_open(raw: str) -> None:
    for tag, attributes in Reader(shown(raw)).tags:
        assert tag in TAGS
        assert set(attributes) <= ATTRIBUTES
        assert (attributes.get("href") or "https://").startswith(("https://", "http://", "mailto:", "/ada/"))


def test_rich_text_is_drawn_with_its_lists_and_styles() -> None:
    part = {
        "type": "rich_text_list",
        "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "<1>", "style": {"bold": True}}]}
        ],
    }
    assert str(markup.rich_text([part], NAMES)) == "<ul><li><strong>&lt;1&gt;</strong></li></ul>"
