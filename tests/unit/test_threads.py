"""Mails find their thread, and a thread keeps its key."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.mail.threads import thread_keys, threaded
from graphs.domain import Address, MailFacts, MailSource, Message, Party, Quoted
from graphs.subjects import base_subject

START = datetime(2026, 11, 1, tzinfo=UTC)
ADA, BOB, EVE = (Address(address=f"{name}@example.org") for name in ("ada", "bob", "eve"))


def mail(
    name: str,
    day: float = 0,
    refs: tuple[str, ...] = (),
    reply: str = "",
    subject: str = "Plans",
    people: tuple[Address, ...] = (ADA, BOB),
) -> Message:
    facts = MailFacts(
        mailbox="inbox",
        message_id=name,
        references=refs,
        in_reply_to=reply,
        subject=subject,
        sender=people[0],
        to=people[1:],
    )
    return Message(
        scope="account:a", source=MailSource(account="a", message_id=name), thread="", author=Party(key="", name=""),
        sent_at=START + timedelta(days=day), text=Quoted(text=""), mail=facts,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("Plans", "Plans"),
        ("Re: Plans", "Plans"),
        ("RE: AW: Re[2]: Fwd: Plans", "Plans"),
        ("Antw: WG: SV: TR: Plans", "Plans"),
        ("Re : Plans", "Plans"),
        ("[list] Re: Plans", "Plans"),
        ("Re: [list] Re: Plans", "Plans"),
        ("[RFC] Plans", "[RFC] Plans"),
        ("Plans (fwd)", "Plans"),
        ("回复：计划", "计划"),
        ("Result: good", "Result: good"),
        ("Re:", ""),
        ("", ""),
    ],
)
def test_base_subject(subject: str, base: str) -> None:
    assert base_subject(subject) == base


def test_references_hold_a_thread_together_without_its_root() -> None:
    keys = thread_keys([mail("<b>", 1, ("<a>",), "<a>"), mail("<c>", 2, ("<a>", "<b>"), "<b>"), mail("<x>", 1)])

    assert keys == {"<b>": "<a>", "<c>": "<a>", "<x>": "<x>"}


def test_a_root_that_arrives_late_changes_no_key() -> None:
    late = [mail("<b>", 1, ("<a>",), "<a>")]

    assert thread_keys(late)["<b>"] == thread_keys([mail("<a>"), *late])["<b>"] == "<a>"


def test_a_stored_key_is_kept() -> None:
    keys = thread_keys([mail("<c>", 3, ("<b>",), "<b>"), mail("<a>", 0)], {"<b>": "<old>"})

    assert keys == {"<c>": "<old>", "<a>": "<a>"}


def test_a_bare_reply_joins_by_subject_people_and_time() -> None:
    first = mail("<a>")

    assert thread_keys([first, mail("<b>", 3, subject="AW: Plans", people=(BOB, ADA))])["<b>"] == "<a>"
    assert thread_keys([first, mail("<b>", 15, subject="AW: Plans", people=(BOB, ADA))])["<b>"] == "<b>"
    assert thread_keys([first, mail("<b>", 3, subject="Plans", people=(BOB, ADA))])["<b>"] == "<b>"
    assert thread_keys([first, mail("<b>", 3, subject="AW: Plans", people=(EVE, ADA))])["<b>"] == "<b>"
    assert thread_keys([first, mail("<b>", 3, ("<z>",), "<z>", "AW: Plans", (BOB, ADA))])["<b>"] == "<z>"


def test_a_mail_that_answers_outside_its_references_joins_both() -> None:
    keys = thread_keys([mail("<a>"), mail("<b>", 1), mail("<c>", 2, ("<a>",), "<b>")])

    assert set(keys.values()) == {"<a>"}


def test_the_order_of_reading_does_not_matter() -> None:
    mails = [mail("<a>"), mail("<b>", 1, ("<a>",), "<a>"), mail("<c>", 2, (), "<b>"), mail("<d>", 3)]

    assert thread_keys(mails) == thread_keys(mails[::-1])
    assert [m.thread for m in threaded(mails)] == ["<a>", "<a>", "<a>", "<d>"]


@given(st.lists(st.lists(st.integers(0, 15), max_size=3), min_size=1, max_size=16))
def test_a_later_reply_changes_no_earlier_key(links: list[list[int]]) -> None:
    """Each mail may refer to earlier ones of one thread only: then the keys of a prefix are those of the whole."""
    mails: list[Message] = []
    for place, wanted in enumerate(links):
        target = next((n for n in wanted if n < place), None)
        refs = () if target is None else (f"<{target}>",)
        mails.append(mail(f"<{place}>", place, refs, refs[0] if refs else ""))

    whole = thread_keys(mails)

    assert {name: whole[name] for name in thread_keys(mails[:-1])} == thread_keys(mails[:-1])
