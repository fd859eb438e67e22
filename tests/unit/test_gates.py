"""When nothing is drafted: each condition beside the thread where a reply may be owed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from graphs.domain import Address, MailFacts, MailSource, Message, Party, Person, Quoted, Thread
from graphs.rules.gates import gate, has_ask

ADA = Person(key="U1", name="Ada Lindqvist", short_names=("Ada", "Addie"), addresses=("ada@northwind.example",))
OWN = frozenset({"ada@northwind.example", "a.lindqvist@northwind.example"})
INSIDE = frozenset({"northwind.example"})
NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)
NAMES = {"ada": "Ada Lindqvist", "bruno": "Bruno Keller", "tom": "Tom Reed", "eve": "Eve Stone"}
HOSTS = {"ada": "northwind.example", "bruno": "northwind.example", "tom": "client.example", "eve": "client.example"}


def who(name: str) -> Address:
    return Address(name=NAMES[name], address=f"{name}@{HOSTS[name]}")


def mail(text: str, by: str = "tom", to: str = "ada", cc: str = "", hours: float = 10, **facts: Any) -> Message:
    """`hours` before now; names of `to` and `cc` with spaces between."""
    sender = who(by)
    box = "sent" if by == "ada" else "inbox"
    facts = {"mailbox": box, "message_id": f"<{by}{hours}@x>", "subject": "Re: offer", "in_reply_to": "<0@x>"} | facts
    facts.setdefault("to", tuple(map(who, to.split())))
    facts.setdefault("cc", tuple(map(who, cc.split())))
    return Message(
        scope="account:ada@northwind.example",
        source=MailSource(account="ada@northwind.example", message_id=str(facts["message_id"])),
        thread="t",
        author=Party(key=sender.address, name=sender.name, address=sender.address, kind="outside"),
        sent_at=NOW - timedelta(hours=hours),
        text=Quoted(text=text),
        mail=MailFacts(sender=sender, **facts),
    )


def reason(asked: Message, *others: Message, **given: Any) -> str:
    messages = tuple(sorted((asked, *others), key=lambda one: one.sent_at))
    thread = Thread(scope=asked.scope, key="t", medium="mail", title="offer", messages=messages)
    found = gate(asked, thread, ADA, OWN, INSIDE, NOW, **given)
    if found is not None:
        assert found[1]
    return found[0] if found else ""


ASK = "Can you send me the offer?"


def test_an_open_ask_passes() -> None:
    assert reason(mail(ASK)) == ""


@pytest.mark.parametrize(
    ("days", "horizon", "expected"), [(13, 14, ""), (15, 14, "too_old"), (15, 30, ""), (2, 1, "too_old")]
)
def test_the_horizon(days: int, horizon: int, expected: str) -> None:
    assert reason(mail(ASK, hours=24 * days), horizon_days=horizon) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"list_id": "<l>"}, "bulk"), ({"auto_submitted": "auto-generated"}, "automatic"), ({"calendar_method": "REQUEST"}, "invitation"),
        ({"spam_flag": True}, "phishing"), ({"sensitivity": "private"}, "confidential"), ({}, ""),
    ],
)  # fmt: skip
def test_its_nature_comes_before_everything_but_age(facts: dict[str, Any], expected: str) -> None:
    assert reason(mail(ASK, **facts)) == expected
    answered = mail("Here it is, as promised.", by="ada", to="tom", hours=2)
    assert reason(mail(ASK, **facts), answered) == (expected or "answered_by_owner")
    assert reason(mail(ASK, hours=24 * 20, **facts)) == "too_old"


def test_sensitive_mail_is_left_alone() -> None:
    assert reason(mail("My father passed away. Can you take over?")) == "sensitive"


@pytest.mark.parametrize(
    ("text", "to", "cc", "expected"),
    [
        (ASK, "ada", "", ""),
        (ASK, "ada bruno", "", ""),
        (ASK, "bruno", "", "not_addressed"),
        (ASK, "bruno", "ada", "not_addressed"),
        ("Ada, can you send me the offer?", "bruno", "ada", ""),
        ("Hi Bruno,\n\nthe plan is attached. @Ada could you check the numbers?", "bruno", "ada", ""),
        ("Hi Bruno and Ada,\n\ncan you send me the offer?", "bruno", "ada", ""),
        ("Hi Bruno,\n\ncan you send me the offer?", "bruno", "ada", "not_addressed"),
        ("Hallo Frau Lindqvist,\n\nkönnten Sie das prüfen?", "bruno", "ada", ""),
        ("FYI, here is the plan for Ada.", "bruno", "ada", "not_addressed"),
        ("Hi Bruno,\n\ncan you send me the offer?", "ada bruno", "", "not_addressed"),
        ("Bruno, can you send the offer? Ada, can you call me?", "ada bruno", "", ""),
        ("Hi all,\n\ncan you send me your numbers?", "ada bruno", "", ""),
        ("Hi both,\n\ncan one of you call me?", "ada bruno", "", ""),
        ("Also, can you send the offer?", "ada bruno", "", ""),
    ],
)
def test_whom_it_asks(text: str, to: str, cc: str, expected: str) -> None:
    assert reason(mail(text, to=to, cc=cc)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ASK, ""),
        ("Hi all,\n\ncan you send me your numbers?", ""),
        ("Hi Bruno,\n\ncan you send me the offer?", "not_addressed"),
        ("FYI, here is the plan for Ada.", "not_addressed"),
    ],
)
def test_who_wants_all_is_asked_along_where_nobody_is_named(text: str, expected: str) -> None:
    found = mail(text, to="bruno", cc="ada")
    assert reason(found, along=True) == expected
    assert reason(found) == "not_addressed"


def test_an_alias_is_the_owner_too() -> None:
    asked = mail(ASK, to="bruno")
    facts = asked.mail
    assert facts is not None
    to_alias = facts.model_copy(update={"to": (Address(address="a.lindqvist@northwind.example"),)})
    assert reason(asked.model_copy(update={"mail": to_alias})) == ""


def test_the_owner_answered_unless_a_machine_did() -> None:
    assert reason(mail(ASK), mail("Attached.", by="ada", to="tom", hours=5)) == "answered_by_owner"
    assert reason(mail(ASK), mail("I am away.", by="ada", to="tom", hours=5, auto_submitted="auto-replied")) == ""
    assert reason(mail(ASK), mail("Do you need anything?", by="ada", to="tom", hours=20)) == ""


@pytest.mark.parametrize(
    ("text", "by", "to", "expected"),
    [
        ("Hi Tom, the offer is attached, it holds until May.", "bruno", "tom", "answered_by_other"),
        ("I'll send it to you tomorrow.", "bruno", "tom ada", "answered_by_other"),
        ("Thanks!", "bruno", "tom ada", ""),
        ("Which offer do you mean?", "bruno", "tom ada", ""),
        ("The offer needs an update first.", "bruno", "ada", ""),  # between colleagues: Tom heard nothing
        ("The prices are in the wiki. Ada, can you send Tom the offer?", "bruno", "tom ada", ""),
    ],
)
def test_a_colleague_answered(text: str, by: str, to: str, expected: str) -> None:
    assert reason(mail(ASK, cc="bruno"), mail(text, by=by, to=to, hours=5)) == expected


def test_a_stranger_to_the_mail_does_not_answer_for_us() -> None:
    said = mail("The offer is on our site, I am sure.", by="eve", to="tom ada", hours=5)
    assert reason(mail(ASK), said) == ""
    assert reason(mail(ASK, cc="eve"), said) == "answered_by_other"


def test_the_newest_mail_of_a_sender_stands_for_the_older_ones() -> None:
    first, second = mail(ASK), mail("Sorry, forgot the attachment.", hours=5)
    assert reason(first, second) == "superseded"
    assert reason(second, first) == ""
    answered = mail("Here is the offer.", by="ada", to="tom", hours=7)
    assert reason(second, first, answered) == "information"


def test_a_question_taken_back_is_none() -> None:
    assert reason(mail("Never mind, I found it.", hours=5), mail(ASK)) == "information"
    assert reason(mail("Never mind the offer, I found it. Can you call me?", hours=5), mail(ASK)) == ""


def test_a_copy_is_answered_once() -> None:
    first, copy = mail(ASK), mail(ASK, hours=9)
    assert reason(copy, first) == "duplicate"
    assert reason(first, copy) == ""
    assert reason(mail("Can you call me, too?", hours=9), first) == ""


def test_a_copy_to_an_alias_is_known_from_the_other_mails() -> None:
    first = mail(ASK).model_copy(update={"thread": "another"})
    assert reason(mail(ASK, hours=9)) == ""
    assert reason(mail(ASK, hours=9), others=[first]) == "duplicate"
    assert reason(mail("Can you call me, too?", hours=9), others=[first]) == ""
    assert reason(first, others=[first, mail(ASK, hours=9)]) == ""


def test_a_draft_of_ones_own_is_left_to_its_owner() -> None:
    draft = mail("Dear Tom", by="ada", to="tom", hours=3, mailbox="drafts")
    assert reason(mail(ASK), draft) == "own_draft"
    assert reason(mail(ASK, hours=2), draft) == ""
    assert (
        reason(
            mail(ASK, hours=2, message_id="<q@x>"),
            mail("Dear", by="ada", hours=3, mailbox="drafts", in_reply_to="<q@x>"),
        )
        == "own_draft"
    )


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Thanks a lot!", False), ("FYI: the report is out.", False), ("Danke, passt.", False), ("Noted.", False), ("See you on Friday.", False),
        ("Merci beaucoup !", False), ("Perfecto, gracias.", False), ("I have sent the contract to Tom.", False),
        ("Could you check the numbers?", True), ("Please send it by Friday.", True), ("Kannst du das prüfen?", True), ("Bitte schicken Sie mir die Zahlen.", True),
        ("Pouvez-vous confirmer la date ?", True), ("¿Puedes enviarme el informe?", True), ("Let me know what you think.", True), ("Who owns the budget?", True),
        ("I am blocked until I get the key.", True), ("For the gate I shall need the names of the installers.", True), ("Dafür brauche ich noch die Maße.", True),
        ("We will need to see how it goes.", False), ("I need nothing else.", False),
    ],
)  # fmt: skip
def test_asks_and_mere_information(text: str, asks: bool) -> None:
    assert has_ask(text) == asks
    assert reason(mail(text)) == ("" if asks else "information")


def test_a_subject_may_be_the_question() -> None:
    assert reason(mail("See above.", subject="Can you come on Friday?", in_reply_to="")) == ""
    assert reason(mail("See above.", subject="Re: Can you come on Friday?")) == "information"
