"""How somebody writes, learned from what they sent."""

from datetime import UTC, datetime, timedelta
from typing import Any

from graphs.domain import Address, MailFacts, MailSource, Message, Party, Quoted
from graphs.rules.style import Style, style

ME = Address(name="Ada Lindqvist", address="ada@northwind.example")
START = datetime(2026, 11, 1, 9, tzinfo=UTC)


def sent(text: str, to: str = "tom@client.example", day: int = 0, **facts: Any) -> Message:
    return Message(
        scope="account:ada@northwind.example",
        source=MailSource(account=ME.address, message_id=f"<{day}@x>"),
        thread="t",
        author=Party(key=ME.address, name=ME.name, address=ME.address),
        sent_at=START + timedelta(days=day),
        text=Quoted(text=text),
        mail=MailFacts(mailbox="sent", message_id=f"<{day}@x>", sender=ME, to=(Address(address=to),), **facts),
    )


TOM = [
    sent("Hi Tom,\n\nthe offer is attached. It holds until May.\n\nCheers,\nAda", day=1, quotes_original=True, signature="Ada Lindqvist\nNorthwind"),
    sent("Hi Tom,\n\nyes, Friday works for me.\n\nCheers,\nAda", day=2, quotes_original=True, signature="Ada Lindqvist\nNorthwind"),
    sent("Hello Tom,\n\nI will ask Bruno about it.\n\nCheers,\nAda", day=3),
]  # fmt: skip
BRANDT = [
    sent("Sehr geehrte Frau Brandt,\n\nvielen Dank, ich schicke Ihnen den Vertrag am Montag.\n\nMit freundlichen Grüßen\nAda Lindqvist", to="brandt@amt.example", day=4),
    sent("Sehr geehrte Frau Brandt,\n\nanbei sende ich Ihnen das Protokoll der Sitzung.\n\nMit freundlichen Grüßen\nAda Lindqvist", to="brandt@amt.example", day=5),
]  # fmt: skip


def test_habits_with_a_correspondent_come_first() -> None:
    with_tom = style([*TOM, *BRANDT], "tom@client.example")
    assert with_tom.known_from == "correspondent" and with_tom.mails == 3
    assert (with_tom.greeting, with_tom.sign_off) == ("Hi {name},", "Cheers,\nAda")
    assert (with_tom.sentences, with_tom.language, with_tom.formality) == (1, "en", "")
    assert 5 <= with_tom.words <= 8
    assert with_tom.quotes_original
    assert with_tom.signature == "Ada Lindqvist\nNorthwind"


def test_another_correspondent_gets_other_habits() -> None:
    with_brandt = style([*TOM, *BRANDT], "Brandt@amt.example")
    assert with_brandt.greeting == "Sehr geehrte Frau {name},"
    assert with_brandt.sign_off == "Mit freundlichen Grüßen\nAda Lindqvist"
    assert (with_brandt.language, with_brandt.formality) == ("de", "formal")
    assert not with_brandt.quotes_original


def test_du_is_familiar() -> None:
    mails = [
        sent("Hi Jan,\n\nkannst du mir das bitte schicken? Ich brauche es für dich und mich.\n\nLG Ada", day=d)
        for d in (1, 2)
    ]
    assert style(mails, "tom@client.example").formality == "familiar"


def test_a_colleague_of_a_correspondent_is_greeted_alike() -> None:
    assert style([*TOM, *BRANDT], "eve@client.example").known_from == "domain"
    assert style([*TOM, *BRANDT], "eve@client.example").greeting == "Hi {name},"


def test_a_stranger_gets_what_is_usual() -> None:
    usual = style([*TOM, *BRANDT], "new@elsewhere.example")
    assert usual.known_from == "similar" and usual.mails == 5


def test_a_stranger_is_written_to_as_strangers_are_and_in_their_language() -> None:
    inside = frozenset({"client.example"})  # Tom is a colleague here
    usual = style([*TOM, *BRANDT], "neu@elsewhere.example", inside, "de")
    assert usual.known_from == "similar" and usual.mails == len(BRANDT) and usual.language == "de"


def test_one_mail_to_somebody_tells_more_than_many_to_others_and_none_is_empty() -> None:
    assert style([*TOM, *BRANDT[:1]], "brandt@amt.example").known_from == "correspondent"
    assert style([], "tom@client.example") == Style()
    assert style([sent("I am away.", auto_submitted="auto-replied")], "tom@client.example") == Style()


def test_samples_are_the_newest_short_mails_and_stay_quoted() -> None:
    long = sent("word " * 400, day=9)
    samples = style([*TOM, long], "tom@client.example").samples
    assert [one.text.splitlines()[0] for one in samples] == ["Hello Tom,", "Hi Tom,"]
    assert "Tom" not in repr(samples)


def test_mails_without_greeting_teach_none() -> None:
    bare = [
        sent(text, day=day) for day, text in enumerate(["Yes, done.", "Will do on Monday.", "No, sorry. Ask Bruno."])
    ]
    found = style(bare, "tom@client.example")
    assert (found.greeting, found.sign_off, found.signature) == ("", "", "")


def test_greetings_to_everybody_are_kept_as_they_are() -> None:
    mails = [sent("Hi all,\n\nthe plan is out.\n\nBest\nAda", day=day) for day in (1, 2)]
    assert style(mails, "tom@client.example").greeting == "Hi all,"


def test_a_bare_name_is_a_greeting() -> None:
    mails = [sent("Tom,\n\nthe plan is out, have a look.\n\n-- Ada", day=day) for day in (1, 2)]
    assert style(mails, "tom@client.example").greeting == "{name},"
