"""Sentences, languages and greetings of chat and mail."""

import pytest

from graphs.rules.text import language, opening, sentences, spans


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sounds good. can you send it?", ["sounds good.", "can you send it?"]),
        ("Hi Ada,\n\nCould you look?\nThanks", ["Hi Ada,", "Could you look?", "Thanks"]),
        ("- one\n- two\n• three", ["one", "two", "three"]),
        ("1. buy milk\n2) call Bob", ["buy milk", "call Bob"]),
        ("See e.g. the report by Dr. Kim. It is fine.", ["See e.g. the report by Dr. Kim.", "It is fine."]),
        ("Bitte bis zum 16. März. Danke!", ["Bitte bis zum 16. März.", "Danke!"]),
        ("Das geht z.B. am Montag. Passt das?", ["Das geht z.B. am Montag.", "Passt das?"]),
        ("hmm... not sure", ["hmm... not sure"]),
        ("done ✅ shipping now", ["done ✅ shipping now"]),
        ("Really?! Yes.", ["Really?!", "Yes."]),
        ("look:\n```\nx = 1. Foo\n```\nok?", ["look:", "ok?"]),
        ("> quoted line\nmine", ["mine"]),
        ("v2.1 is out at 10.30. Great", ["v2.1 is out at 10.30.", "Great"]),
        ("", []),
        ("✅", ["✅"]),
        ("Great! :tada: Can you post it?", ["Great! :tada:", "Can you post it?"]),
        (
            "Please send me the numbers for the third quarter before we meet with\nthe auditors on Monday. I need them.",
            [
                "Please send me the numbers for the third quarter before we meet with the auditors on Monday.",
                "I need them.",
            ],
        ),
        ("hey\ncan you check this", ["hey", "can you check this"]),
        ("Thanks, J. Smith signed it. OK?", ["Thanks, J. Smith signed it.", "OK?"]),
        ("We meet at 5 p.m. on Friday.", ["We meet at 5 p.m. on Friday."]),
    ],
)
def test_text_falls_into_the_sentences_its_author_meant(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_span_is_verbatim() -> None:
    text = "Hello there.\n\n  - we ship *Friday*. ok?"
    assert [text[a:b] for a, b in spans(text)] == ["Hello there.", "we ship *Friday*.", "ok?"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Could you send me the report by Friday?", "en"),
        ("Kannst du mir bitte bis Freitag den Bericht schicken?", "de"),
        ("Pourriez-vous m'envoyer le rapport avant vendredi, s'il vous plaît ?", "fr"),
        ("¿Puedes enviarme el informe antes del viernes, por favor?", "es"),
        ("ok", "en"),
        ("Passt für mich, danke!", "de"),
        ("Puoi mandarmi il documento prima di domani? Grazie", "it"),
        ("Kun je mij het rapport voor vrijdag sturen? Bedankt", "nl"),
        ("was meinst du?", "de"),
    ],
)
def test_the_language_is_that_of_its_small_words(text: str, code: str) -> None:
    assert language(text) == code


@pytest.mark.parametrize(
    ("sentence", "names", "everybody", "rest"),
    [
        ("Hi Ada,", ("ada",), False, ""),
        ("Hi Ada, could you look?", ("ada",), False, "could you look?"),
        ("Hallo Frau Brandt, bitte prüfen", ("brandt",), False, "bitte prüfen"),
        ("Sehr geehrter Herr Dr. Kurz,", ("kurz",), False, ""),
        ("Ada - can you look?", ("ada",), False, "can you look?"),
        ("Ada: please review", ("ada",), False, "please review"),
        ("@Ada can you look?", ("ada",), False, "can you look?"),
        ("@Ada @Bob please look", ("ada", "bob"), False, "please look"),
        ("Hi Ada and Bob,", ("ada", "bob"), False, ""),
        ("Hi all, please read", (), True, "please read"),
        ("Hey team!", (), True, ""),
        ("Dear Ada Lovelace,", ("ada lovelace",), False, ""),
        ("can you look?", (), False, "can you look?"),
        ("Hi, can you look?", (), False, "can you look?"),
    ],
)
def test_a_greeting_says_whom_a_sentence_calls(
    sentence: str, names: tuple[str, ...], everybody: bool, rest: str
) -> None:
    found = opening(sentence)
    assert (found.names, found.everybody, found.rest) == (names, everybody, rest)
