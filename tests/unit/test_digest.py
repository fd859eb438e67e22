"""The morning digest: what stands in it, in which order, how often, and what it never says."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.digest import MOST_OF, Linked, Night, Notice, compose, shown_tasks
from graphs.digest_value import MOST_ITEMS, SECTIONS, Digest, Footer, Item, Section
from graphs.domain import Address, Considered, Draft, Fact, MailSource, Person, Receipt, SlackSource, Source, Task
from graphs.life import Life, source_key

ADA = Person(key="U1", name="Ada", zone="Europe/Berlin")
TUESDAY = date(2026, 11, 24)
WAKE_UP = datetime(2026, 11, 24, 7, tzinfo=UTC)


def slack(n: int) -> SlackSource:
    return SlackSource(channel="C1", ts=f"{n}.0001")


def inbox(n: int) -> MailSource:
    return MailSource(account="ada@house.example", message_id=f"<{n}@client.example>")


def life(n: int = 1, shown_on: Sequence[date] = (), changed_on: date | None = None, **given: Any) -> Life:
    facts: dict[str, Any] = {
        "id": f"task{n:03}",
        "owner": "U1",
        "kind": "owe",
        "what": f"Send offer {n}",
        "next_step": "Send it",
        "sources": (slack(n),),
        "asked_at": WAKE_UP - timedelta(days=3),
        "last_at": WAKE_UP - timedelta(days=3),
    }
    task = Task.model_validate(facts | given)
    return Life(task=task, changed_on=changed_on or min(shown_on, default=TUESDAY), shown_on=tuple(shown_on))


def draft(n: int = 1, body: str = "Hi Tom,\n\nyes, fifty seats are fine.\n\nAda", **given: Any) -> Draft:
    facts: dict[str, Any] = {
        "account": "ada@house.example",
        "message_id": f"<d{n}@nightdesk>",
        "in_reply_to": inbox(n).message_id,
        "to": (Address(name="Tom Reed", address="tom@client.example"),),
        "sender": Address(address="ada@house.example"),
        "subject": "Re: Seats",
        "body": body,
        "receipt": Receipt(),
        "asked_at": WAKE_UP - timedelta(days=1),
    }
    return Draft.model_validate(facts | given)


def asked(n: int = 1, text: str = "What shall Tom be told?") -> Considered:
    return Considered(account="ada@house.example", message_id=inbox(n).message_id, question=text, sources=(inbox(n),))


def change(n: int, kind: str, text: str, **given: Any) -> Fact:
    facts: dict[str, Any] = {
        "kind": "decision",
        "text": text,
        "quote": text,
        "message": n,
        "source": slack(900 + n),
        "said_by": "U2",
        "said_at": WAKE_UP - timedelta(hours=n),
        "change": kind,
    }
    return Fact.model_validate(facts | given)


def notice(kind: str, n: int = 1) -> Notice:
    return Notice(kind=kind, sender="Eve Stone", source=inbox(n), at=WAKE_UP - timedelta(hours=9))


def morning(*lives: Life, day: date = TUESDAY, linked: bool = True, **given: Any) -> Digest:
    drafts, notices = given.get("drafts", ()), given.get("notices", ())
    sources: list[Source] = [source for one in lives for source in one.task.sources]
    sources += [one.source for one in given.get("changes", ())] + [one.source for one in notices]
    sources += [inbox(n) for n in range(40)] + [slack(n) for n in range(40)]
    links = {
        source_key(source): Linked(label="there", url=f"https://x.example/{n}") for n, source in enumerate(sources)
    }
    facts: dict[str, Any] = {
        "older": (),
        "questions": (),
        "changes": (),
        "footer": Footer(),
        "model": True,
        "since": WAKE_UP - timedelta(days=1),
    } | given
    night = Night(person=ADA, date=day, lives=lives, **(facts | {"drafts": drafts, "notices": notices}))
    return compose(night, links if linked else {})


def ids(items: Sequence[Item]) -> list[str]:
    return [item.id for item in items]


URGENT: dict[str, Any] = {"due": TUESDAY}

# --- the verdict ----------------------------------------------------------------------------------


def test_an_empty_day_is_one_line() -> None:
    digest = morning()
    assert (digest.headline, digest.items, digest.more) == ("Tue 24 Nov: nothing needs you", (), ())


@pytest.mark.parametrize(
    ("lives", "given", "headline"),
    [
        ([life(1, **URGENT)], {}, "Tue 24 Nov: 1 needs you"),
        ([life(n, **URGENT) for n in range(3)], {"drafts": (draft(1), draft(2)), "questions": (asked(3),)}, "Tue 24 Nov: 3 need you · 2 drafts · 1 question"),
        ([], {"drafts": (draft(),)}, "Tue 24 Nov: 1 draft"),
        ([life()], {}, "Tue 24 Nov: nothing urgent"),
        ([life(1, sources=(inbox(1),), **URGENT)], {"questions": (asked(1), asked(2))}, "Tue 24 Nov: 1 needs you · 1 question"),
        ([life(n, [TUESDAY - timedelta(days=1)], due=TUESDAY - timedelta(days=n)) for n in (2, 3)], {}, "Tue 24 Nov: nothing new, 2 still open, 2 overdue"),
    ],
)  # fmt: skip
def test_the_first_line_counts_what_stands_below(lives: list[Life], given: dict[str, Any], headline: str) -> None:
    assert morning(*lives, **given).headline == headline


# --- sections and bounds --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "section"),
    [
        ({"due": TUESDAY}, "needs_you"),
        ({"due": TUESDAY - timedelta(days=2)}, "needs_you"),
        ({"kind": "blocked"}, "needs_you"),
        ({"due": TUESDAY + timedelta(days=5)}, "open"),
        ({}, "open"),
        ({"kind": "waiting"}, "open"),
        ({"kind": "waiting", "due": TUESDAY}, "open"),
    ],
)
def test_a_deadline_or_a_blocked_person_needs_you_and_the_rest_is_open(given: dict[str, Any], section: Section) -> None:
    [item] = morning(life(**given)).items
    assert item.section == section


def test_what_somebody_waits_for_comes_before_what_is_merely_owed_and_older_before_newer() -> None:
    blocked, decision, old, recent = (
        life(1, kind="blocked", **URGENT),
        life(2, kind="decision", **URGENT),
        life(3, asked_at=WAKE_UP - timedelta(days=9), **URGENT),
        life(4, asked_at=WAKE_UP - timedelta(days=1), **URGENT),
    )
    digest = morning(recent, old, decision, blocked)
    assert ids(digest.items) == [one.task.id for one in (blocked, decision, old, recent)]
    assert [item.age_days for item in digest.items] == [3, 3, 9, 1]


KINDS = st.sampled_from(["owe", "waiting", "blocked", "decision"])
DAYS = st.one_of(st.none(), st.integers(min_value=-20, max_value=20).map(lambda n: TUESDAY + timedelta(days=n)))
LIVES = st.lists(
    st.tuples(KINDS, DAYS, st.booleans(), st.sets(st.integers(min_value=1, max_value=20), max_size=3)), max_size=16
).map(
    lambda many: [
        life(n, sorted(TUESDAY - timedelta(days=ago) for ago in shown), kind=kind, due=due, sensitive=sensitive)
        for n, (kind, due, sensitive, shown) in enumerate(many)
    ]
)
CHANGES = st.lists(
    st.tuples(st.sampled_from(["decision", "reversal", "disagreement", "news"]), st.integers(min_value=1, max_value=5), st.text(min_size=1, max_size=60)),
    max_size=8,
).map(lambda many: [change(n, kind, f"{text} {place}") for place, (kind, n, text) in enumerate(many)])  # fmt: skip


@given(LIVES, CHANGES, st.integers(min_value=0, max_value=9), st.integers(min_value=0, max_value=4))
@settings(deadline=None, max_examples=60)
def test_at_most_twelve_in_section_order_each_section_bounded_and_nothing_lost(
    lives: list[Life], changes: list[Fact], drafts: int, questions: int
) -> None:
    given: dict[str, Any] = {
        "drafts": tuple(draft(20 + n) for n in range(drafts)),
        "questions": tuple(asked(30 + n) for n in range(questions)),
        "changes": tuple(changes),
        "notices": (notice("sensitive", 39),),
    }
    digest = morning(*lives, **given)

    assert len(digest.items) <= MOST_ITEMS
    sections = [item.section for item in digest.items]
    assert sections == sorted(sections, key=SECTIONS.index)
    assert all(sections.count(section) <= most for section, most in MOST_OF.items())
    assert len(set(ids(digest.items + digest.more))) == len(digest.items + digest.more)
    told = set(ids(digest.items + digest.more))
    never_shown = {one.task.id for one in lives if not one.shown_on}
    assert never_shown <= told
    assert sum(one.startswith("draft-") for one in told) == drafts
    assert sum(one.startswith("question-") for one in told) == questions
    assert digest.items == morning(*reversed(lives), **given).items


# --- what comes back ------------------------------------------------------------------------------


def shown_over(one: Life, days: int, first: date = TUESDAY) -> list[str]:
    """Where the untouched task stands, morning by morning: items, more, counted."""
    places = []
    for day in (first + timedelta(days=n) for n in range(days)):
        if day.weekday() > 4:
            continue
        digest = morning(one, day=day)
        places.append("items" if digest.items else "more" if digest.more else "counted" if digest.footer.notes else "")
        [one] = shown_tasks(digest, [one]) or [one]
    return places


def test_an_ignored_item_is_shown_once_then_waits_in_more_and_after_three_working_days_is_counted() -> None:
    assert shown_over(life(), 7) == ["items", "more", "more", "counted", "counted"]
    assert shown_over(life(), 6, first=date(2026, 11, 27)) == ["items", "more", "more", "counted"]  # over a weekend


def test_what_is_counted_stands_in_the_footer() -> None:
    old = [life(n, [TUESDAY - timedelta(days=9)]) for n in (1, 2)]
    digest = morning(*old)
    assert (digest.items, digest.more) == ((), ())
    assert any("(2)" in note for note in digest.footer.notes)


def test_its_due_day_brings_it_back_and_the_day_after_when_nobody_touched_it() -> None:
    one = life(due=TUESDAY + timedelta(days=6))
    assert shown_over(one, 10) == ["items", "more", "more", "counted", "items", "items", "more", "more"]


def test_what_is_overdue_when_it_is_first_shown_comes_once_as_everything_does() -> None:
    assert shown_over(life(due=TUESDAY - timedelta(days=1)), 4) == ["items", "more", "more", "counted"]


def test_a_change_brings_it_back() -> None:
    shown = [TUESDAY - timedelta(days=1)]
    assert morning(life(shown_on=shown, changed_on=TUESDAY)).items
    assert not morning(life(shown_on=shown)).items


@pytest.mark.parametrize("state", ["done", "settled", "dropped", "snoozed"])
def test_what_is_over_or_asleep_is_not_even_counted(state: str) -> None:
    digest = morning(life(state=state), life(2, [TUESDAY - timedelta(days=9)], state=state))
    assert (digest.items, digest.more, digest.footer.notes) == ((), (), ())


def test_what_found_no_room_was_not_shown_and_comes_tomorrow() -> None:
    lives = [life(n) for n in range(8)]
    digest = morning(*lives)
    shown = shown_tasks(digest, lives)
    assert {one.task.id for one in shown} == set(ids(digest.items))
    left = [one for one in lives if one.task.id not in ids(digest.items)]
    assert (
        {one.task.id for one in left}
        == set(ids(digest.more))
        == set(ids(morning(*left, day=TUESDAY + timedelta(days=1)).items))
    )


def test_the_same_morning_made_twice_is_the_same_and_is_remembered_once() -> None:
    lives = [life(1), life(2, [TUESDAY - timedelta(days=1)])]
    first = morning(*lives)
    after = [{one.task.id: one for one in shown_tasks(first, lives)}.get(one.task.id, one) for one in lives]
    assert morning(*after) == first
    assert shown_tasks(first, after) == []


# --- what is told of it ---------------------------------------------------------------------------

SECRET: dict[str, Any] = {
    "what": "Tell Wilma about the surgery",
    "why": "cancer diagnosis",
    "next_step": "Call the clinic",
    "due": TUESDAY,
}


def test_a_sensitive_matter_is_pointed_at_with_no_word_of_it() -> None:
    [item] = morning(life(sensitive=True, **SECRET)).items
    told = item.model_dump_json().casefold()
    assert not any(word in told for word in ("wilma", "surgery", "cancer", "clinic"))
    assert (item.kind, item.due) == ("notice", None)
    assert [link.label for link in item.links] == ["there"]
    [plain] = morning(life(**SECRET)).items
    assert "Wilma" in plain.text and "cancer" in plain.text


def test_suspected_phishing_is_one_line_without_a_link_and_other_notices_have_one() -> None:
    [phishing] = morning(notices=(notice("phishing"),)).items
    assert phishing.links == () and "Eve Stone" in phishing.text
    for kind in ("sensitive", "confidential"):
        [item] = morning(notices=(notice(kind),)).items
        assert len(item.links) == 1 and "Eve Stone" in item.text


def test_a_draft_stands_for_its_task_and_a_task_of_another_mail_stands_beside_it() -> None:
    digest = morning(life(1, sources=(inbox(1),)), life(2, sources=(inbox(2),)), drafts=(draft(1),))
    assert [item.kind for item in digest.items] == ["draft", "task"]


def test_what_one_waits_for_is_not_covered_by_a_draft() -> None:
    digest = morning(life(1, kind="waiting", sources=(inbox(1),)), drafts=(draft(1),))
    assert sorted(item.kind for item in digest.items) == ["draft", "task"]


def test_a_question_stands_for_its_task() -> None:
    [item] = morning(life(1, sources=(inbox(1),)), questions=(asked(1),)).items
    assert (item.kind, item.section) == ("question", "drafts")


def test_a_question_that_is_due_today_needs_you_and_a_draft_only_comes_first_among_drafts() -> None:
    due = life(1, sources=(inbox(1),), due=TUESDAY)
    [drafted] = morning(due, drafts=(draft(1),)).items
    [question] = morning(due, questions=(asked(1),)).items
    assert (drafted.section, drafted.kind, drafted.due) == ("drafts", "draft", TUESDAY)
    assert (question.section, question.kind) == ("needs_you", "question")
    [calm] = morning(drafts=(draft(1),)).items
    assert calm.section == "drafts"


def test_a_draft_shows_whom_it_answers_its_first_sentence_its_slots_and_a_foreign_reply_to() -> None:
    [item] = morning(drafts=(draft(body="Hi Tom,\n\nthey cost [[price?]].\n\nAda", foreign_reply_to=True),)).items
    assert "Tom Reed" in item.text and "they cost" in item.text and "domain" in item.text
    assert "price?" in item.next_step


def test_an_item_shown_as_a_draft_counts_as_shown() -> None:
    lives = [life(1, sources=(inbox(1),)), life(2)]
    assert {one.task.id for one in shown_tasks(morning(*lives, drafts=(draft(1),)), lives)} == {"task001", "task002"}


# --- what changed ---------------------------------------------------------------------------------


def test_reversals_come_first_then_news_disagreements_and_decisions() -> None:
    changes = (
        change(1, "decision", "Harbour gets the blue paint"),
        change(2, "disagreement", "Marta and Jonas differ about pricing"),
        change(3, "reversal", "Launch happens later than planned"),
    )
    digest = morning(changes=(*changes, change(4, "news", "Supplier Kestrel closes its warehouse")))
    assert [item.sources[0] for item in digest.items] == [slack(903), slack(904), slack(902)]
    assert [item.sources[0] for item in digest.more] == [slack(901)]


def test_a_disagreement_is_never_told_as_a_decision() -> None:
    [item] = morning(changes=(change(1, "disagreement", "Marta and Jonas differ about pricing"),)).items
    assert "not decided" in item.text.casefold()


def test_what_was_said_before_the_last_digest_and_what_changes_nothing_is_no_news() -> None:
    old = change(30, "reversal", "Launch happens later than planned")
    plain = change(1, "", "The office has five rooms")
    assert morning(changes=(old, plain)).items == ()


def test_what_is_told_in_several_places_is_told_once() -> None:
    first = change(5, "reversal", "The launch moves to 2026-12-04")
    again = change(1, "reversal", "Launch is moved to 2026-12-04 now")
    [item] = morning(changes=(again, first)).items
    assert item.sources == (first.source,)


def test_two_things_that_one_message_changed_are_two_items() -> None:
    changes = (
        change(1, "decision", "Harbour gets the blue paint"),
        change(1, "decision", "Kestrel delivers forty pallets"),
    )
    assert len(set(ids(morning(changes=changes).items))) == 2


def test_a_source_that_may_not_be_opened_has_no_link() -> None:
    digest = morning(life(), drafts=(draft(),), notices=(notice("sensitive", 2),), linked=False)
    assert len(digest.items) == 3 and all(item.links == () for item in digest.items)


def test_what_comes_back_comes_with_the_reply_that_lies_ready_for_it() -> None:
    due = life(1, shown_on=[TUESDAY - timedelta(days=1)], due=TUESDAY, sources=(inbox(1),))
    digest = morning(due, older=(draft(1), draft(2)))
    assert [(item.kind, item.due) for item in digest.items] == [("draft", TUESDAY)]
    assert digest.footer.notes == ("1 older draft untouched",)
    assert [item.kind for item in morning(due).items] == ["task"]


def test_what_waits_in_the_thread_waits_there_with_its_reply_and_a_reply_is_told_once() -> None:
    quiet = life(1, shown_on=[TUESDAY - timedelta(days=1)], sources=(inbox(1), slack(1)))
    news = life(2, sources=(inbox(1), slack(2)))
    assert [item.kind for item in morning(quiet, older=(draft(1),)).more] == ["draft"]
    both = morning(quiet, news, older=(draft(1),))
    assert [item.kind for item in (*both.items, *both.more)] == ["draft"]


def test_older_drafts_are_counted_in_the_footer() -> None:
    assert morning(older=(draft(1), draft(2))).footer.notes == ("2 older drafts untouched",)
    assert morning().footer.notes == ()
