"""One matter in two places, what is worth remembering, what changed, and the trained detector."""

from datetime import date, timedelta

import pytest

from graphs.domain import Fact, Finding, Message, Source, Thread
from graphs.rules.detector import request_score
from graphs.rules.judge import answers_elsewhere, same_matter
from graphs.rules.reference import facts
from tests.unit.rules_threads import ADA, MONDAY, channel, dm, for_ada, mail, mails, said, thread

LATER = MONDAY + timedelta(hours=5)


def only(findings: list[Finding]) -> Finding:
    [found] = findings
    return found


ASKED_BY_MAIL = mails(
    mail("priya", "ada", "Hi Ada,\n\nCould you send me the floor plan of the Lisbon office?\n\nPriya")
)
ASKED_IN_SLACK = dm("priya: can you send me three customer quotes for the launch page?")


@pytest.mark.parametrize(
    ("message", "settles"),
    [
        (said("ada: @Priya the floor plan of Lisbon is in the drive, done", LATER), True),
        (said("ada: sent you the Lisbon floor plan", LATER), True),
        (said("priya: got the Lisbon floor plan, thanks!", LATER), True),
        (said("priya: never mind the floor plan of Lisbon, no longer needed", LATER), True),
        (said("ada: I'll send you the Lisbon floor plan tomorrow", LATER), False),
        (said("ada: sent you the hotel list", LATER), False),
        (said("bob: the Lisbon floor plan is done", LATER), False),
        (said("ada: where is the Lisbon floor plan?", LATER), False),
        (said("ada: the plan is done", LATER), False),
        (said("ada: sent you the Lisbon floor plan", MONDAY - timedelta(hours=1)), False),
        (said("ada: sent you the Lisbon floor plan", MONDAY + timedelta(days=30)), False),
        (mail("ada", "priya", "Here is the floor plan of the Lisbon office.", LATER, attached="plan.pdf"), True),
        (mail("ada", "tom", "Here is the floor plan of the Lisbon office.", LATER, attached="plan.pdf"), True),
    ],
)
def test_a_mail_may_be_answered_in_another_place(message: Message, settles: bool) -> None:
    asked = only(for_ada(ASKED_BY_MAIL))
    assert (answers_elsewhere(asked, [message], ADA) is message) is settles


def test_a_mail_to_somebody_else_answers_nobody_known_by_address() -> None:
    asked = only(for_ada(mails(mail("wade", "ada", "Could you send us the floor plan of the Lisbon office?"))))
    to_wade = mail("ada", "wade", "Here is the floor plan of the Lisbon office.", LATER)
    to_tom = mail("ada", "tom", "Here is the floor plan of the Lisbon office.", LATER)
    assert answers_elsewhere(asked, [to_tom], ADA) is None
    assert answers_elsewhere(asked, [to_tom, to_wade], ADA) is to_wade


def test_a_question_may_be_answered_without_saying_done() -> None:
    asked = only(for_ada(mails(mail("bob", "ada", "for the label order: matte film 50 micron or gloss 60?"))))
    answer = said("ada: @Bob re your mail: the matte film, 50 micron", LATER)
    assert answers_elsewhere(asked, [answer], ADA) is answer


def test_one_obligation_in_mail_and_slack_is_one_matter() -> None:
    by_mail = mails(
        mail("wade", "ada", "Please send me a written delivery plan for 400 Sprig sensors and your best price.")
    )
    in_slack = channel("tom: @Ada can you send Wade the delivery plan for the 400 sensors by tomorrow?")
    other = channel("tom: @Ada can you send me the plan of the Lisbon floor?")
    texts = {m.source: m.text.text for t in (by_mail, in_slack, other) for m in t.messages}

    def text_of(source: Source) -> str:
        return texts[source]

    first, second, third = (only(for_ada(one)) for one in (by_mail, in_slack, other))
    assert same_matter(first, second, text_of)
    assert same_matter(second, first, text_of)
    assert not same_matter(first, third, text_of)
    assert not same_matter(first, first, text_of)
    late = second.model_copy(update={"asked_at": second.asked_at + timedelta(days=20)})
    assert not same_matter(first, late, text_of)
    assert not same_matter(first, second.model_copy(update={"kind": "waiting"}), text_of)


@pytest.mark.parametrize(
    ("line", "kind", "change"),
    [
        ("bob: We decided to keep the old supplier until June.", "decision", "decision"),
        ("bob: Decision: the launch page stays in English", "decision", "decision"),
        ("bob: let's go with the green packaging", "decision", "decision"),
        ("bob: Wir haben gestern beschlossen, die Preise zu erhöhen.", "decision", "decision"),
        ("bob: Agreed: Priya owns the migration plan", "decision", "decision"),
        ("bob: the launch is moved to Thursday 19 March", "decision", "reversal"),
        ("bob: change of plan, the workshop happens in Berlin", "decision", "reversal"),
        ("bob: Der Termin mit Kestrel wurde auf Montag verschoben.", "decision", "reversal"),
        ("bob: from December there is no Friday pickup any more", "decision", "reversal"),
        ("bob: I'll send Kestrel the revised offer on Wednesday", "commitment", ""),
        ("bob: the staging database is down since noon", "status", ""),
        ("bob: I always prefer short mails over calls", "preference", ""),
        ("bob: the audit meeting is on 17 March in room Oslo", "event", ""),
        ("bob: I have uploaded the signed lease of the Lisbon office", "status", ""),
        ("bob: FYI the support phone number of Kestrel has a new extension 4411", "fact", ""),
        ("bob: does anyone know who signed the lease of the Lisbon office?", "open_question", ""),
    ],
)
def test_what_is_worth_remembering(line: str, kind: str, change: str) -> None:
    message = said(line)
    [found] = facts([message])
    assert (found.kind, found.change) == (kind, change)
    assert found.quote in message.text.text
    assert found.text.startswith("Bob: ")
    assert (found.said_by, found.said_at, found.source) == ("UBOB", message.sent_at, message.source)


@pytest.mark.parametrize(
    "line",
    [
        "bob: lol we decided to fire the coffee machine 😂",
        "bob: if we decided to move, what then",
        "bob: thanks everybody!",
        "bob: could you send me the file?",
        "bob: we haven't decided yet on the price",
        "bob: maybe we should have moved to Berlin",
        "bob: I no longer trust the printer",
        "bob: good morning",
        "bob: uploaded a file: Screen Shot 2015-06-09 at 09.36.49.png",
        "bob: shared a file: OpenVis Conf 2015 Community Notes",
        "deploybot: we decided to restart",
    ],
)
def test_chatter_is_not_remembered(line: str) -> None:
    assert facts([said(line)]) == ()


def test_a_quote_is_verbatim_with_white_space_folded() -> None:
    message = said("bob: Hello.\n- We decided to   keep\tthe old supplier.\n- bye")
    [found] = facts([message])
    assert found.quote == "We decided to keep the old supplier."


def test_sides_taken_without_a_decision_are_an_open_disagreement() -> None:
    open_thread = thread(
        "tom: Paper manual in the box or only a QR code?", "bob: I'm for paper", "priya: I disagree, paper is waste"
    )
    [found] = told(open_thread)
    assert found.change == "disagreement"
    assert found.text == "Bob and Priya disagree, undecided: Paper manual in the box or only a QR code?"

    decided = thread(
        "bob: I'm for paper", "priya: I disagree, paper is waste", "tom: ok, we decided to ship without paper"
    )
    assert [fact.change for fact in told(decided)] == ["decision"]


def test_decisions_and_reversals_are_told_in_the_order_they_were_made() -> None:
    conversation = dm("bob: we decided to use Kestrel as supplier", "+2d bob: the launch is moved to Thursday 19 March")
    assert [fact.change for fact in told(conversation)] == ["decision", "reversal"]


def told(one: Thread) -> list[Fact]:
    """What of a thread is worth telling in the morning."""
    return [fact for fact in facts(one.messages) if fact.change]


def test_the_detector_knows_a_request_from_a_remark() -> None:
    assert request_score("Please send me the signed contract by Friday.") > 0.8
    assert request_score("The weather was nice in Houston.") < 0.3
    assert request_score("") == request_score("")


def test_a_matter_keeps_its_day_across_places() -> None:
    assert only(for_ada(ASKED_IN_SLACK)).due is None
    dated = dm("priya: can you send me three customer quotes for the launch page by Friday?")
    assert only(for_ada(dated)).due == date(2026, 3, 13)
