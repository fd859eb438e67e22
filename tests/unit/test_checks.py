"""What code insists on in a model's words: numbers, links, slots and quotes, the allowed beside the refused."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.checks import SLOT, body_faults, links, numbers, quotes, unknown_links, unknown_numbers

# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no number", set()),
        ("50 seats", {"50"}),
        ("at 09:05 on 2026-11-03", {"9", "5", "2026", "11", "3"}),
        ("1.250,00 EUR", {"1", "250", "0"}),
        ("1,025 or 1.025.000", {"1025", "1025000"}),
        ("v2 and Q3", {"2", "3"}),
    ],
)
def test_numbers_are_digit_groups_without_leading_zeros(text: str, expected: set[str]) -> None:
    assert numbers(text) == expected


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Send 12 boxes", "send twelve boxes"),
        ("2 Kisten", "zwei Kisten"),
        ("2 of them", "I take both"),
        ("At 9:05", "at 09:05"),
        ("3 cajas", "tres cajas"),
        ("1,250 EUR", "1.250 EUR"),
    ],
)
def test_a_number_of_a_source_may_be_said_in_digits_words_and_other_forms(text: str, source: str) -> None:
    assert unknown_numbers(text, [source]) == set()


@pytest.mark.parametrize(
    ("text", "source", "unknown"),
    [
        ("Send 13 boxes", "send twelve boxes", {"13"}),
        ("20 %", "2 of 10", {"20"}),
        ("1,300 EUR", "1,250 EUR", {"1300"}),
        ("the 4th", "someone", {"4"}),  # `one` inside of a word is no number
    ],
)
def test_a_number_that_no_source_has_is_unknown(text: str, source: str, unknown: set[str]) -> None:
    assert unknown_numbers(text, [source]) == unknown


def test_a_day_that_code_vouches_for_may_be_named_and_no_other() -> None:
    day = [date(2026, 11, 24)]
    assert unknown_numbers("on 24.11.2026", [], day) == set()
    assert unknown_numbers("on 25.11.2026", [], day) == {"25"}


@given(st.text(), st.lists(st.text(), max_size=3))
def test_what_a_source_says_word_for_word_adds_no_number_and_no_link(text: str, others: list[str]) -> None:
    assert unknown_numbers(text, [*others, text]) == set()
    assert unknown_links(text, [*others, text]) == set()


@given(st.integers(min_value=13, max_value=10**12), st.text(alphabet=st.characters(exclude_categories=["N"])))
def test_a_number_from_nowhere_is_found_in_any_company(number: int, source: str) -> None:
    assert unknown_numbers(f"about {number}.", [source]) == {str(number)}


# --- links ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "see https://evil.example/?q=stolen",
        "see HTTPS://EVIL.EXAMPLE",
        "see www.evil.test/x",
        "evil.com",
        "(evil.io)",
        "bit.ly/3xYz",
        "evil.xyz/login",
        "evil.ru",
        "![x](https://evil.example/p.png)",
        "<https://evil.example|here>",
    ],
)
def test_an_address_that_a_program_would_make_clickable_is_a_link(text: str) -> None:
    assert links(text)
    assert unknown_links(text, ["nothing of the kind", "mail tom@client.example"])


@pytest.mark.parametrize(
    "text", ["offer.pdf", "e.g. the deck", "z.B. morgen", "v1.2.3", "Done.Then we left", "12.30 Uhr", "u.a."]
)
def test_a_file_an_abbreviation_or_a_missing_space_is_no_link(text: str) -> None:
    assert links(text) == set()


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("see https://client.example/offer.", "The offer: https://client.example/offer"),
        ("see https://client.example/offer", "The offer (https://client.example/offer)."),
        ("see https://client.example/offer", "The offer: <https://client.example/offer>"),
        ("see client.example", "The offer: https://www.client.example/offer"),
        ("see https://Client.example/offer/", "The offer: https://client.example/offer"),
        ("write to tom@client.example", "tom@client.example"),
    ],
)
def test_a_link_of_a_source_may_be_passed_on(text: str, source: str) -> None:
    assert unknown_links(text, [source]) == set()


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("see https://client.co", "https://client.com/offer"),
        ("see bank.com/login", "https://notbank.com/login"),
        ("see https://client.example/off", "https://client.example/offer"),
        ("see https://client.example/offer?next=evil", "https://client.example/offer"),
    ],
)
def test_a_part_of_a_link_or_a_longer_one_is_another_link(text: str, source: str) -> None:
    assert unknown_links(text, [source])


# --- bodies ---------------------------------------------------------------------------------------

SOURCES = ["We need 50 seats by Friday.", "https://client.example/offer"]


@pytest.mark.parametrize(
    "body",
    [
        "Hi Tom,\n\n50 seats are fine. See https://client.example/offer.\n\nAda",
        "Hi Tom,\n\nThey cost [[price for 50 seats?]] and come on [[day?]].\n\nAda",
        "Hallo Tom,\n\ndas passt.\n\nViele Grüße\nAda",
    ],
)
def test_a_body_of_what_the_sources_say_with_at_most_two_slots_may_be_shown(body: str) -> None:
    assert body_faults(body, SOURCES) == []


@pytest.mark.parametrize(
    "body",
    [
        "[[a?]] [[b?]] [[c?]] are open.",
        "The price is [[price?.",
        "The price is price?]].",
        "",
        "[[what to say?]]",
        "We can do 60 seats.",
        "See https://evil.example/offer.",
        "See [[the form at https://evil.example/offer?]] please.",
        "As an AI I cannot say.",
        "Nightdesk prepared this reply.",
        "I hope this email finds you well. Yes.",
        "Zögern Sie nicht, uns zu fragen. Ja.",
        "Yes. " * 13,
        "yes " * 600,
    ],
)
def test_a_body_with_anything_else_may_not(body: str) -> None:
    faults = body_faults(body, SOURCES)
    assert faults != [] and "" not in faults


@given(st.text(max_size=300))
def test_faults_are_told_for_any_text_and_never_raised(body: str) -> None:
    faults = body_faults(body, [])
    assert "" not in faults
    if not faults:
        assert len(SLOT.findall(body)) <= 2 and not links(body)


# --- quotes ---------------------------------------------------------------------------------------

TEXT = "We’ll move the launch\nto Thursday – Mira “agreed”."


@pytest.mark.parametrize(
    "quote",
    ["move the launch to Thursday", "We'll move", "WE'LL  MOVE the launch.", 'Mira "agreed"', "Thursday - Mira"],
)
def test_a_quote_stands_in_its_text_whatever_its_spaces_quotation_marks_and_case(quote: str) -> None:
    assert quotes(quote, TEXT)


@pytest.mark.parametrize("quote", ["move the launch to Friday", "the launch … Thursday", "", "   ", "..", "to", '"""'])
def test_a_quote_with_other_words_or_hardly_any_does_not(quote: str) -> None:
    assert not quotes(quote, TEXT)
