"""Without a model an answer quotes what was said: the newest first, no question, no chatter, and nothing when nothing fits."""

from datetime import UTC, datetime, timedelta

import pytest

from graphs.answer import by_rules
from graphs.citing import NOT_FOUND, Passage
from graphs.domain import Answer, Quoted, SlackSource

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def passages(*said: tuple[int, str, str]) -> list[Passage]:
    """(day, who, what), as retrieval ranked them."""
    return [
        Passage(
            source=SlackSource(channel="C1", ts=f"{n}.0"),
            label="#plant",
            said_by=who,
            said_at=MONDAY + timedelta(days=day, minutes=n),
            text=Quoted(text=what),
        )
        for n, (day, who, what) in enumerate(said)
    ]


ROOM = passages(
    (0, "Ada Byron", "Decided: the Heron valve ships on Friday 12 June."),
    (4, "Ben Okoye", "12 June is off, we lost a supplier. The Heron valve ships on Monday 29 June instead."),
    (2, "Cleo Marsh", "When does the Heron valve ship, does anybody know?"),
    (1, "Cleo Marsh", "Heron valve ships, haha :joy: I will believe it on June 40th"),
    (3, "Dev Rao", "One gateway takes up to 64 valves, I tested it with 70 and it got slow."),
    (1, "Ada Byron", "The list price of the Heron is 89 euro, 84 from 200 pieces."),
    (2, "Eva Lind", "Die Prüfstelle hat die Abnahme auf Donnerstag verschoben."),
    (3, "Eva Lind", "El pedido de válvulas llega el martes a las diez."),
    (3, "Eva Lind", "La livraison des joints arrive jeudi à midi."),
    (5, "Ben Okoye", "Reminder to everybody: travel reports for February are due on Wednesday."),
    (5, "Dev Rao", "Dev here: could somebody check whether the old rig can be sold?"),
    (5, "Cleo Marsh", "Thanks a lot for the travel reports!"),
)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("How many valves can one gateway take?", "Dev Rao: “One gateway takes up to 64 valves"),
        ("What is the list price of the Heron?", "Ada Byron: “The list price of the Heron is 89 euro"),
        ("When are the travel reports due?", "Ben Okoye: “Reminder to everybody: travel reports"),
        ("Auf wann wurde die Abnahme verschoben?", "Eva Lind: “Die Prüfstelle hat die Abnahme auf Donnerstag"),
        ("¿Cuándo llega el pedido de válvulas?", "Eva Lind: “El pedido de válvulas llega el martes"),
        ("Quand arrive la livraison des joints ?", "Eva Lind: “La livraison des joints arrive jeudi"),
        ("What did Ben say about the supplier?", "Ben Okoye: “12 June is off, we lost a supplier."),
    ],
)
def test_the_sentence_that_answers_is_quoted_with_who_said_it(asked: str, said: str) -> None:
    found = by_rules(asked, ROOM)
    assert found.served == "rules" and found.text.startswith(said)


def test_what_was_said_later_stands_before_what_it_changed_however_they_rank() -> None:
    for order in (ROOM, ROOM[::-1]):
        found = by_rules("When does the Heron valve ship?", order)
        first, second = found.text.splitlines()
        assert "Ben Okoye" in first and "29 June" in first
        assert "Ada Byron" in second and "12 June" in second
        assert len(found.citations) == 2


@pytest.mark.parametrize(
    "asked",
    [
        "What is the salary of Dev?",
        "Who is the head of Apple?",
        "When is the Christmas party?",
        "How many pieces does Norland get?",
        "Can the old rig be sold?",
        "Wie hoch ist die Miete der Halle?",
        "¿Quién paga el alquiler?",
        "Qui paie le loyer ?",
        "?",
        "",
    ],
)
def test_where_nothing_answers_the_answer_says_so(asked: str) -> None:
    found = by_rules(asked, ROOM)
    assert found.served == "not_found" and found.text.startswith(NOT_FOUND)


def test_a_no_names_the_nearest_passage_when_one_is_near_and_none_otherwise() -> None:
    near = by_rules("When does the Heron pump ship to Kansas?", ROOM)
    assert near.served == "not_found" and "Nearest: Ben Okoye" in near.text and near.citations == (ROOM[1].source,)
    assert by_rules("Who repairs bicycles?", ROOM).text == NOT_FOUND


@pytest.mark.parametrize(
    "said",
    [
        "When does the Heron valve ship to Kent, on 12 June or later?",
        "Heron valve ships to Kent on 12 June, haha :joy:",
        "Thanks for shipping the Heron valve to Kent on 12 June!",
        "@Ada please ask whether the Heron valve ships to Kent",
        "The Heron valve ships to Kent",
    ],
)
def test_questions_jokes_thanks_and_requests_answer_nothing(said: str) -> None:
    told = "The Heron valve ships to Kent on 12 June."
    asked = "When does the Heron valve ship to Kent?"
    assert by_rules(asked, passages((0, "Ada Byron", said))).served == "not_found"
    assert by_rules(asked, passages((0, "Ada Byron", said), (1, "Ben Okoye", told))).text == f"Ben Okoye: “{told}”"


GOOSE = "Which hotel was it in Essen? The one with the good breakfast and the goose. I have to book by Thursday."


def test_what_somebody_says_of_what_they_ask_for_themselves_is_no_answer() -> None:
    asked = "Which hotel was it in Essen, the one with the goose?"
    told = (1, "Ada Byron", "In Essen we were in the Old Mill, the hotel with the goose.")
    assert by_rules(asked, passages((0, "Greta Holm", GOOSE))).text.startswith(NOT_FOUND)
    assert by_rules(asked, passages((0, "Greta Holm", GOOSE), told)).text.startswith("Ada Byron")
    price = passages((0, "Ada Byron", "What is the list price of the Heron? The list price of the Heron is 89 euro."))
    assert "89 euro" in by_rules("What is the list price of the Heron?", price).text


def test_at_most_three_sentences_of_different_messages_are_quoted_each_once() -> None:
    same = [(day, "Ada Byron", "The Heron valve ships on 12 June.") for day in range(3)]
    more = [(day, "Ada Byron", f"The Heron valve ships on {day} June.") for day in range(1, 9)]
    found = by_rules("When does the Heron valve ship?", passages(*same, *more))
    assert len(found.text.splitlines()) == len(set(found.text.splitlines())) == len(found.citations) == 3


def test_no_passage_gives_no_answer() -> None:
    assert by_rules("When does the Heron valve ship?", []) == Answer(text=NOT_FOUND, served="not_found")
