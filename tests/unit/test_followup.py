"""In a thread of ours a question needs no mention, and people who talk to each other are left alone."""

from datetime import UTC, datetime

import pytest

from graphs.domain import Message, Party, Quoted, SlackFacts, SlackSource
from graphs.rules.followup import among_people, goes_on, wanted

US = "UBOT"
NAMES = ("ada", "bob", "bob marsh")


def said(text: str, by: str = "U1", mentions: tuple[str, ...] = (), broadcast: bool = False) -> Message:
    return Message(
        scope="channel:C1", source=SlackSource(channel="C1", ts="1.1"), thread="1.0", author=Party(key=by, name=by), sent_at=datetime(2026, 11, 23, tzinfo=UTC),
        text=Quoted(text=text), mentions=mentions, slack=SlackFacts(broadcast=broadcast),
    )  # fmt: skip


ANSWERED = (said("when does it ship?"), said("On 7 December.", US))


@pytest.mark.parametrize(
    "text",
    [
        "And to which dock?",
        "what about the label text?",
        "Who decided that?",
        "can you list the open points",
        "Und wann genau?",
        "no, it ships on 9 December",
        "remember that the dock is closed on Mondays",
        "forget the blue valve",
    ],
)
def test_a_question_a_correction_or_a_wish_after_our_answer_is_for_us(text: str) -> None:
    assert goes_on(said(text), ANSWERED, US, NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "Thanks!",
        "ok",
        "great, that helps",
        "Bob, can you check this?",
        "@bob is that right?",
        "hi all, does that work for everybody?",
        "I will tell the printer.",
        ":+1:",
        "forget it",
        "actually, no",
    ],
)
def test_thanks_and_what_is_said_to_somebody_else_is_not_for_us(text: str) -> None:
    assert not goes_on(said(text), ANSWERED, US, NAMES)


def test_a_mention_of_somebody_else_or_of_everybody_is_not_for_us() -> None:
    assert not goes_on(said("when is that?", mentions=("U2",)), ANSWERED, US, NAMES)
    assert not goes_on(said("when is that?", broadcast=True), ANSWERED, US, NAMES)
    assert goes_on(said("when is that?"), ANSWERED, US, NAMES)


def test_once_another_person_has_spoken_the_talk_is_theirs() -> None:
    thread = (*ANSWERED, said("I think that is wrong.", "U2"))
    assert not goes_on(said("why do you think so?"), thread, US, NAMES)
    assert goes_on(said("why do you think so?", "U2"), thread, US, NAMES)
    assert not goes_on(said("when is that?"), (said("when does it ship?"),), US, NAMES)


@pytest.mark.parametrize(
    ("text", "wish", "words"),
    [
        ("overnight: compare the three offers", "errand", "compare the three offers"),
        ("Tonight, collect what is open", "errand", "collect what is open"),
        ("über Nacht: vergleiche die Angebote", "errand", "vergleiche die Angebote"),
        ("what happens overnight: is anything built?", "answer", "what happens overnight: is anything built?"),
        ("remember that Kestrel pays in advance", "remember", "Kestrel pays in advance"),
        ("Remember: no calls on Friday", "remember", "no calls on Friday"),
        ("remember when we shipped the first one?", "answer", "remember when we shipped the first one?"),
        ("forget the dock number", "forget", "the dock number"),
        ("forget it", "nothing", "forget it"),
        ("thank you", "nothing", "thank you"),
        ("when does it ship?", "answer", "when does it ship?"),
        ("blue valve ship date", "answer", "blue valve ship date"),
        ("", "nothing", ""),
    ],
)  # fmt: skip
def test_what_a_message_wants_is_read_from_its_own_first_words(text: str, wish: str, words: str) -> None:
    assert (wanted(text).wish, wanted(text).words) == (wish, words)


def test_a_correction_is_one_only_after_an_answer_and_when_it_says_what_is_right() -> None:
    assert wanted("no, it ships on 9 December", corrects=True).words == "it ships on 9 December"
    assert wanted("no, it ships on 9 December").wish == "answer"
    assert wanted("no, really?", corrects=True).wish == "answer"
    assert wanted("no, wrong", corrects=True).wish == "nothing"


# --- what a night leaves out ----------------------------------------------------------------------


def heard(text: str, by: str = "U1", parent: str = "", asks_us: bool = False, at: str = "1.0", mentions: tuple[str, ...] = ()) -> Message:  # fmt: skip
    return Message(
        scope="channel:C1", source=SlackSource(channel="C1", ts=at), thread=parent or at, author=Party(key=by, name=by),
        sent_at=datetime(2026, 11, 23, tzinfo=UTC), text=Quoted(text=text), mentions=mentions,
        slack=SlackFacts(parent_ts=parent, asks_us=asks_us),
    )  # fmt: skip


ASKED = heard("@nightdesk when does it ship?", asks_us=True, mentions=(US,))


def test_what_is_only_asked_of_us_is_nothing_that_people_wait_for() -> None:
    told = heard("The dock is closed on Mondays.", at="2.0")
    assert among_people([ASKED, heard("and from which dock?", parent="1.0", at="1.1"), told]) == [told]


def test_what_its_asker_tells_us_in_that_thread_counts() -> None:
    correction = heard("no, it ships on 9 December", parent="1.0", at="1.1")
    assert among_people([ASKED, correction]) == [correction]


def test_a_thread_that_others_join_is_theirs() -> None:
    joined = [heard("Bob, can you check?", parent="1.0", at="1.1"), heard("Yes.", "U2", parent="1.0", at="1.2")]
    assert among_people([ASKED, *joined]) == joined


def test_who_mentions_somebody_beside_us_asks_them_too() -> None:
    both = heard("@nightdesk @bob when does it ship?", asks_us=True, mentions=(US, "U2"))
    assert among_people([both]) == [both]
    assert among_people([heard("@bob is that right?", at="3.0", mentions=("U2",))]) != []
