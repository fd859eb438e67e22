"""How two statements stand to each other: an old one ends by words alone only where they are about one thing beyond doubt."""

from datetime import UTC, datetime, timedelta

import pytest

from graphs.rules import relation as relations
from graphs.rules.change import Values, says_change
from graphs.rules.relation import Pair, Statement

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PEOPLE = {"P": "Priya Nair", "B": "Bob Kern", "T": "Tom Vale"}
NAMES = relations.name_words([*PEOPLE.values(), "Jonas Weiss"])

OVER = [
    ("P The kickoff with Kestrel is on Tuesday 3 March.", "B The kickoff with Kestrel was moved to Thursday 5 March."),
    ("P The offsite budget is 12000 EUR.", "T The offsite budget was raised to 15000 EUR."),
    ("P The price list is valid until 30 June.", "P Correction: the price list is valid until 31 July."),
    ("P The customer demo is at 10:00 on Monday.", "B The customer demo is at 14:00 on Monday instead."),
    ("B The trial runs until 12 April 2026.", "B The trial runs until 26 April."),
    ("B Die Lieferung der Regale kommt am 3. März.", "B Die Lieferung der Regale kommt jetzt am 10. März."),
    ("B We use Postgres 14 in production.", "T We now use Postgres 16 in production."),
    ("P Der Preis für das Modul beträgt 120 Euro.", "P Korrektur: Der Preis für das Modul beträgt 135 Euro."),
]
ASKED = [
    ("P Bob owns the warehouse migration.", "P Tom takes over the warehouse migration from Bob."),
    ("P Marta is the contact at Nordlicht.", "P Jonas is now the contact at Nordlicht."),
    ("P The brackets come on 12 March.", "P The brackets slip from 12 March to 19 March."),
    ("P The brackets go to hall 1.", "B The brackets go to hall 3, not to hall 1."),
    ("B Release 4.2 ships on Friday.", "B Release 4.2 is delayed until Wednesday."),
]
BOTH_HOLD = [
    ("P Invoice 1041 is due on 3 March.", "P Invoice 1042 is due on 10 March."),
    ("B Hall 4 opens at 8:00.", "B Hall 5 now opens at 9:00."),
    ("P The first batch has 400 units.", "P The second batch has 600 units."),
    ("P Bob's laptop arrives on 12 March.", "P Tom's laptop arrives on 14 March."),
    ("P The north dock opens on 3 April.", "P The south dock now opens on 10 April."),
    ("B Kestrel delivers 20 pallets on Monday.", "T Kestrel delivers 30 pallets on Friday."),
    ("P The Marmont order is 450 units.", "P The Marmont order costs 3000 EUR."),
    ("B Version 2.1 supports 40 users.", "B Version 2.2 supports 80 users."),
    ("B Ticket 88 is blocked by the database upgrade.", "B Ticket 91 is blocked by the database upgrade."),
    ("T The monthly fee for Basic is 10 EUR.", "T The monthly fee for Pro is now 25 EUR."),
    ("P Payment of the first rate is due 1 March.", "P Payment of the second rate is due 1 April."),
    ("B Sprint 12 ends on 6 March.", "B Sprint 13 ends on 20 March."),
    ("B Rechnung 17 wurde am 3. Mai bezahlt.", "B Rechnung 18 wurde am 10. Mai bezahlt."),
    ("P Der Termin mit Weber ist am Montag.", "P Der Termin mit Huber ist jetzt am Dienstag."),
]


def statement(line: str, days: int = 0, kind: str = "fact") -> Statement:
    """Of a line that begins with who says it."""
    who, _, text = line.partition(" ")
    return Statement(text, text, who, MONDAY + timedelta(days=days), kind, by=PEOPLE[who])


def shown(earlier: str, later: str) -> relations.Relation | None:
    return relations.relation(statement(later, 7), statement(earlier), NAMES)


def found(*lines: str) -> list[Pair]:
    """Of statements a day after the other."""
    said = [statement(line, day) for day, line in enumerate(lines)]
    return relations.pairs(said, [(a, b) for b in range(len(said)) for a in range(b)], NAMES)


@pytest.mark.parametrize(("earlier", "later"), OVER)
def test_another_value_of_one_thing_ends_the_old_one_where_its_speaker_says_so_or_it_is_said_to_change(
    earlier: str, later: str
) -> None:
    assert shown(earlier, later) == "supersedes"


@pytest.mark.parametrize(("earlier", "later"), BOTH_HOLD)
def test_words_end_nothing_that_may_be_about_another_thing(earlier: str, later: str) -> None:
    assert shown(earlier, later) is None


@pytest.mark.parametrize(("earlier", "later"), ASKED)
def test_what_words_cannot_show_is_a_pair_to_ask_about(earlier: str, later: str) -> None:
    [pair] = found(earlier, later)
    assert shown(earlier, later) is None and pair.strength >= 2


def test_without_a_word_of_change_another_speaker_ends_nothing() -> None:
    assert shown("P The trial runs until 12 April.", "B The trial runs until 26 April.") is None
    assert shown("P The trial runs until 12 April.", "B The trial now runs until 26 April.") == "supersedes"


def test_what_says_that_a_value_changes_comes_before_what_only_shares_words() -> None:
    first, *others = found(
        "P The shelves for hall 4 are blue.",
        "P The shelves for the hall arrive on 3 March.",
        "B The shelves for the hall arrive on 10 March instead.",
    )
    assert (first.later, first.earlier) == (2, 1)
    assert all(pair.strength < first.strength for pair in others)


def test_two_things_with_names_of_their_own_are_weaker_than_two_words_on_one() -> None:
    strength = {(pair.later, pair.earlier): pair.strength for pair in found(
        "P Corvex needs 300 units in the batch.", "B Lumdora needs 500 units in the batch.", "T Lumdora needs 700 units in the batch.",
    )}  # fmt: skip
    assert strength[2, 1] >= 2 > strength.get((1, 0), 0)


@pytest.mark.parametrize(
    ("text", "days", "amounts", "numbered"),
    [
        ("The launch is on 22 May 2026.", {"22 may"}, set(), set()),
        ("On May 3rd at 14:30 for 300 EUR", {"may 3rd", "14:30"}, {"300"}, set()),
        ("Rechnung 1041 über 300 Euro ist am 3. März fällig", {"3. märz"}, {"300"}, {"rechnung 1041"}),
        ("The first batch goes to hall 4 on Friday", {"friday"}, set(), {"first", "hall 4"}),
        ("Version 2.1 has 40 users since 2026-03-04", {"2026-03-04"}, {"40"}, {"version 2.1"}),
    ],
)
def test_values_are_told_by_their_kind(text: str, days: set[str], amounts: set[str], numbered: set[str]) -> None:
    values = Values.of(text, frozenset())
    assert values == Values(frozenset(days), frozenset(amounts), frozenset(numbered), frozenset())


@pytest.mark.parametrize("text", ["It ships on 3 May instead", "Bob no longer owns it", "Der Termin wurde verschoben", "Das gilt ab sofort"])  # fmt: skip
def test_words_of_change_are_known_in_english_and_german(text: str) -> None:
    assert says_change(text)


@pytest.mark.parametrize("text", ["It ships on 3 May", "I know the owner", "Der Termin steht", "The movie is long"])
def test_other_words_are_none(text: str) -> None:
    assert not says_change(text)
