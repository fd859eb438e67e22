"""An answer's blocks fit Slack's limits, call nobody and link nowhere but to its sources."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.slack import answers, limits
from bot.slack.answers import Shown
from graphs.digest_value import ItemLink

LINK = ItemLink(label="#general, Ben, Wed 18 Nov", url="https://night.slack.com/archives/C1/p1795000000000100")
WILD = st.lists(st.one_of(st.sampled_from(["<!channel>", "<@U1>", "https://evil.example/?q=1", "[x](https://evil.example)", "&", "@everyone", "*", "`", "\n", " "]), st.text(max_size=30)), max_size=60).map("".join)  # fmt: skip


@given(WILD, st.text(max_size=200), st.integers(0, 12))
def test_whatever_an_answer_says_slack_takes_it_and_nothing_in_it_acts(text: str, label: str, count: int) -> None:
    links = (LINK, ItemLink(label=label, url="https://night.slack.com/archives/C1/p2"))[:count] * count
    for blocks in (
        answers.blocks(Shown(text * 40, links[:12], "found without a model", tonight=True)),
        answers.card([text, label], links[:12], waits=True),
    ):
        assert limits.problems("x", blocks) == []
        shown = str([block.get("text") or block.get("elements") for block in blocks])
        assert not re.search(r"<[!@#]|evil\.example/", shown)
        assert set(re.findall(r"<(https?://[^|>]*)", shown)) <= {one.url for one in links}


@given(st.lists(WILD, min_size=1, max_size=6))
def test_no_beginning_of_an_answer_acts_while_it_is_streamed(statements: list[str]) -> None:
    for count in range(len(statements)):
        assert not re.search(r"<|https?://", answers.said("\n".join(statements[:count])))


def test_a_long_answer_is_cut_at_a_word_and_keeps_its_ampersands() -> None:
    said = answers.said("Research & development " * 400)
    assert len(said) <= answers.LONGEST + 2 and said.count("&amp;") > 80 and said.endswith(" …")
