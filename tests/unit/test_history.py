"""Who asks what changed is told from who asks what holds, in four languages; and which time and which thing they ask about."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from graphs.domain import Memory, Person, SlackSource
from graphs.rules.history import Period, about, asks_what_changed, period, turns

NOW = datetime(2026, 2, 2, 9, tzinfo=UTC)
PEOPLE = {
    "U1": Person(key="U1", name="Ada Berg", role="member"),
    "X1": Person(key="X1", name="Wade Moss", role="outside"),
}


@pytest.mark.parametrize(
    "asked",
    [
        "What changed for Kestrel between 12 January and 2 February?",
        "What has changed here since Monday?",
        "When did the launch date of Kestrel change?",
        "Who was the supplier of Kestrel before?",
        "As of 12 January, what was the day to ship of Kestrel?",
        "Which of all projects got another supplier since 12 January?",
        "Is Bob still the owner of Kestrel?",
        "Who used to make the housings?",
        "Was hat sich bei Kestrel seit Montag geändert?",
        "Seit wann liefert Moll die Gehäuse?",
        "Wer war vorher für Kestrel zuständig?",
        "Gilt der alte Preis noch?",
        "Qu’est-ce qui a changé pour Kestrel ?",
        "Depuis quand Moll livre-t-il les boîtiers ?",
        "Qui était responsable de Kestrel avant ?",
        "¿Qué ha cambiado en Kestrel?",
        "¿Desde cuándo entrega Moll las carcasas?",
        "¿Quién era el responsable de Kestrel antes?",
    ],
)
def test_a_question_after_a_change_is_recognised(asked: str) -> None:
    assert asks_what_changed(asked)


@pytest.mark.parametrize(
    "asked",
    [
        "When do we ship Kestrel?",
        "Who makes the housings for Kestrel?",
        "What is still open for Kestrel?",
        "Who has to answer first so that Ada can go on?",
        "Can somebody change the title of the sheet?",
        "Does everybody agree on how long the battery lasts?",
        "What did Ada promise to send before the fair?",
        "Wann liefern wir Kestrel aus?",
        "Wer macht die Gehäuse?",
        "Was ist noch offen?",
        "Wer muss vor der Messe antworten?",
        "Quand livrons-nous Kestrel ?",
        "Qui fabrique les boîtiers ?",
        "¿Cuándo entregamos Kestrel?",
        "¿Quién hace las carcasas?",
    ],
)
def test_a_question_after_what_holds_is_not_one_after_a_change(asked: str) -> None:
    assert not asks_what_changed(asked)


@pytest.mark.parametrize("words", ["what was ", "wer war ", "¿qué era ", "n'a ", "what was\n"])
def test_forty_thousand_characters_that_nearly_ask_cost_no_more_than_a_question(words: str) -> None:
    assert not asks_what_changed(words * (40_000 // len(words)))
    assert asks_what_changed(f"{words * 20}? And what changed for Kestrel?")


@pytest.mark.parametrize(
    ("asked", "since", "until"),
    [
        ("What changed between 12 January and 20 January?", (1, 12), (1, 21)),
        ("What changed since 12 January?", (1, 12), None),
        ("As of 12 January, what was the price?", (1, 13), None),
        ("Was hat sich zwischen dem 12. Januar und dem 20. Januar geändert?", (1, 12), (1, 21)),
        ("Qu'est-ce qui a changé depuis le 12 janvier ?", (1, 12), None),
        ("¿Qué cambió desde el 12 de enero?", (1, 12), None),
        ("What changed for Kestrel?", None, None),
    ],
)
def test_the_time_that_is_asked_for_goes_by_the_clock_of_who_asks(
    asked: str, since: tuple[int, int] | None, until: tuple[int, int] | None
) -> None:
    zone = ZoneInfo("Europe/Berlin")
    wanted = [day and datetime(2026, *day, tzinfo=zone) for day in (since, until)]
    assert period(asked, NOW.astimezone(zone)) == Period(*wanted)


def test_what_it_is_about_has_no_days_and_no_words_of_change() -> None:
    assert about("What changed for Kestrel between 12 January and 2 February?") == "Kestrel"
    assert about("Was hat sich seit dem 12. Januar geändert?") == ""
    assert about("Who made the housings of Kestrel before?") == "made housings Kestrel"


def said(row: int, text: str, day: int, by: str = "U1") -> Memory:
    at = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=day)
    source = SlackSource(channel="C1", ts=f"{at.timestamp():.6f}")
    return Memory(
        id=row, scope="channel:C1", kind="fact", text=text, quote=text, sources=(source,), said_by=by, valid_from=at
    )


OLD = said(1, "Moll Plastics makes the housings for Kestrel.", 0)
NEW = said(2, "From now on Tamdora Metals makes the housings for Kestrel, the old contract is over.", 9)
OTHER = said(3, "Brunn Castings makes the housings for Osprey.", 1)


def test_what_words_show_to_have_changed_is_told_as_likely_and_never_across_two_things() -> None:
    found = [
        (one.earlier.id, one.later.id, one.sure)
        for one in turns([], [OLD, NEW, OTHER], "What changed for Kestrel?", PEOPLE)
    ]
    assert found == [(1, 2, False)]
    assert turns([], [OLD, NEW, OTHER], "What changed for Osprey?", PEOPLE) == []


def test_what_a_night_knows_comes_first_and_its_statements_are_not_guessed_about() -> None:
    units = said(4, "Correction for Kestrel: 90 units, and it now ships on 3 May.", 12)
    sure = [(OLD, NEW)]
    found = turns(sure, [OLD, NEW, OTHER, units], "What changed for Kestrel?", PEOPLE)
    assert [one.sure for one in found[:1]] == [True]
    assert not any({OLD.id, NEW.id} & {one.earlier.id, one.later.id} for one in found[1:])


def test_a_stranger_changes_nothing_of_ours() -> None:
    theirs = NEW.model_copy(update={"said_by": "X1"})
    assert turns([], [OLD, theirs], "What changed for Kestrel?", PEOPLE) == []
