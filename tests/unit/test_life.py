"""A task lives over nights: found again it is the same, done it stays done, gone from what was read it is settled."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from graphs.domain import Finding, MailSource, SlackSource, Source, TaskState
from graphs.life import Life, joined, lived, source_key, task_id

ASKED = datetime(2026, 11, 20, 9, tzinfo=UTC)
TUESDAY = date(2026, 11, 24)
WEDNESDAY = TUESDAY + timedelta(days=1)


def slack(n: int) -> SlackSource:
    return SlackSource(channel="C1", ts=f"{n}.000100")


def finding(n: int = 1, *also: int, **given: Any) -> Finding:
    """What message `n` made, seen also in others."""
    facts: dict[str, Any] = {
        "kind": "owe",
        "what": f"Send the offer {n}",
        "next_step": "Send it",
        "sources": tuple(map(slack, (n, *also))),
        "asked_at": ASKED + timedelta(hours=n),
        "last_at": ASKED + timedelta(hours=n),
    }
    return Finding.model_validate(facts | given)


def night(before: list[Life], found: list[Finding], *read: int, day: date = TUESDAY) -> list[Life]:
    keys = {source_key(slack(n)) for n in read} | {source_key(s) for f in found for s in f.sources}
    return lived(before, found, keys, "U1", day)


def only(lives: list[Life]) -> Life:
    [life] = lives
    return life


def pressed(life: Life, state: TaskState, until: date | None = None) -> Life:
    return life.model_copy(update={"task": life.task.model_copy(update={"state": state}), "snoozed_until": until})


# --- identity -------------------------------------------------------------------------------------


def test_a_task_has_one_id_for_its_owner_and_the_message_that_made_it() -> None:
    first, reworded = (only(night([], [one])) for one in (finding(), finding(what="The offer is owed", kind="blocked")))
    assert first.task.id == reworded.task.id == task_id("U1", slack(1))
    assert len({task_id("U1", slack(1)), task_id("U2", slack(1)), task_id("U1", slack(2))}) == 3


def test_a_mail_is_the_same_in_every_account_of_its_owner() -> None:
    one, other = (MailSource(account=account, message_id="<1@x>") for account in ("ada@a.example", "ada@b.example"))
    assert task_id("U1", one) == task_id("U1", other)
    assert task_id("U1", one) != task_id("U1", MailSource(account="ada@a.example", message_id="<2@x>"))


@given(st.text(), st.text(), st.text(), st.text())
def test_no_two_sources_share_a_key(a: str, b: str, c: str, d: str) -> None:
    def safe(text: str) -> str:
        return text.replace("/", "")  # neither a channel's id nor a ts has one

    sources: list[Source] = [SlackSource(channel=safe(a), ts=safe(b)), SlackSource(channel=safe(c), ts=safe(d))]
    assert (source_key(sources[0]) == source_key(sources[1])) == (sources[0] == sources[1])
    assert source_key(MailSource(account="", message_id=a)) != source_key(sources[0])


# --- joining --------------------------------------------------------------------------------------


def test_findings_of_one_matter_become_one_that_the_earliest_leads() -> None:
    late = finding(2, kind="blocked", why="Tom waits", due=WEDNESDAY, last_at=ASKED + timedelta(days=3))
    early = finding(1, due=WEDNESDAY + timedelta(days=2))
    one = joined([late, early], lambda a, b: True)

    assert len(one) == 1
    assert one[0].sources == (slack(1), slack(2))
    assert (one[0].kind, one[0].what, one[0].why, one[0].due) == ("blocked", late.what, "Tom waits", WEDNESDAY)
    assert (one[0].asked_at, one[0].last_at) == (early.asked_at, late.last_at)


def test_findings_of_different_matters_stay_apart_unless_one_message_made_both() -> None:
    assert joined([finding(2), finding(1)], lambda a, b: False) == [finding(1), finding(2)]
    assert len(joined([finding(1), finding(1, what="Book the room")], lambda a, b: False)) == 1


def test_a_sensitive_matter_is_not_joined_to_a_plain_one_and_stays_sensitive_where_one_message_made_both() -> None:
    assert len(joined([finding(1, sensitive=True), finding(2)], lambda a, b: True)) == 2
    assert joined([finding(1, sensitive=True), finding(1, what="x")], lambda a, b: True)[0].sensitive


@given(st.permutations([finding(1, 3), finding(2), finding(3, 4), finding(4), finding(5, due=TUESDAY)]))
def test_the_order_of_finding_changes_nothing(found: list[Finding]) -> None:
    def same(a: Finding, b: Finding) -> bool:
        return bool(set(a.sources) & set(b.sources))

    expected = joined([finding(1, 3), finding(2), finding(3, 4), finding(4), finding(5, due=TUESDAY)], same)
    assert joined(found, same) == expected
    assert {s for f in joined(found, same) for s in f.sources} == {s for f in found for s in f.sources}


def test_a_joined_matter_keeps_the_identity_it_had_when_a_part_of_it_was_known() -> None:
    before = night([], [finding(2)])
    after = only(night(before, [finding(1, 2)], day=WEDNESDAY))
    assert after.task.id == before[0].task.id
    assert after.task.sources == (slack(1), slack(2))


# --- over nights ----------------------------------------------------------------------------------


def test_the_same_thing_found_again_is_the_same_and_nothing_happened() -> None:
    before = night([], [finding()])
    after = only(night(before, [finding(what="The offer is owed")], day=WEDNESDAY))
    assert (after.task.state, after.changed_on) == ("open", TUESDAY)


@pytest.mark.parametrize(
    "change",
    [{"last_at": ASKED + timedelta(days=4)}, {"due": WEDNESDAY}, {"kind": "blocked"}],
    ids=lambda c: next(iter(c)),
)
def test_a_new_message_another_date_or_another_kind_is_a_change(change: dict[str, Any]) -> None:
    after = only(night(night([], [finding()]), [finding(**change)], day=WEDNESDAY))
    assert after.changed_on == WEDNESDAY


@pytest.mark.parametrize("state", ["done", "dropped"])
def test_what_is_done_or_dropped_never_returns(state: TaskState) -> None:
    over = pressed(only(night([], [finding()])), state)
    assert night([over], [finding(kind="blocked", last_at=ASKED + timedelta(days=9))], day=WEDNESDAY) == [over]
    assert night([over], [], 1, day=WEDNESDAY) == [over]


def test_what_is_gone_from_a_conversation_that_was_read_is_settled() -> None:
    after = only(night(night([], [finding()]), [], 1, day=WEDNESDAY))
    assert (after.task.state, after.changed_on) == ("settled", WEDNESDAY)


def test_what_lies_outside_of_what_was_read_stays_as_it_is() -> None:
    before = night([], [finding()])
    assert night(before, [finding(2)], 3, day=WEDNESDAY)[0:2] == sorted(
        [*before, *night([], [finding(2)], day=WEDNESDAY)], key=lambda life: life.task.id
    )


def test_what_was_settled_and_is_found_again_is_open_again() -> None:
    settled = night(night([], [finding()]), [], 1)
    after = only(night(settled, [finding()], day=WEDNESDAY))
    assert (after.task.state, after.changed_on) == ("open", WEDNESDAY)


@pytest.mark.parametrize("read", [True, False], ids=["found again", "too old to be read again"])
def test_what_is_snoozed_sleeps_until_its_day_and_then_wakes(read: bool) -> None:
    snoozed = pressed(only(night([], [finding()])), "snoozed", WEDNESDAY)
    found = [finding()] if read else []
    asleep = only(night([snoozed], found))
    assert (asleep.task.state, asleep.snoozed_until, asleep.changed_on) == ("snoozed", WEDNESDAY, TUESDAY)
    awake = only(night([snoozed], found, day=WEDNESDAY))
    assert (awake.task.state, awake.snoozed_until, awake.changed_on) == ("open", None, WEDNESDAY)


def test_what_is_settled_while_it_was_snoozed_does_not_wake() -> None:
    snoozed = pressed(only(night([], [finding()])), "snoozed", WEDNESDAY)
    assert only(night([snoozed], [], 1, day=WEDNESDAY)).task.state == "settled"


def test_a_second_run_of_the_same_night_changes_nothing() -> None:
    first = night(night([], [finding(), finding(2)]), [finding(), finding(3, 2)], day=WEDNESDAY)
    assert night(first, [finding(), finding(3, 2)], day=WEDNESDAY) == first


class Nights(RuleBasedStateMachine):
    """Messages ask, people press buttons, nights pass. Held against what a person would remember."""

    def __init__(self) -> None:
        super().__init__()
        self.day = TUESDAY
        self.lives: list[Life] = []
        self.open: set[int] = set()  # messages whose ask is not answered yet
        self.last: dict[int, int] = {}
        self.over: set[str] = set()
        self.slept: dict[str, date] = {}

    @rule(n=st.integers(min_value=1, max_value=6))
    def asks(self, n: int) -> None:
        self.open.add(n)
        self.last.setdefault(n, 0)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def nudges(self, data: st.DataObject) -> None:
        self.last[data.draw(st.sampled_from(sorted(self.open)))] += 1

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def answers(self, data: st.DataObject) -> None:
        self.open.discard(data.draw(st.sampled_from(sorted(self.open))))

    @rule(unread=st.sets(st.integers(min_value=1, max_value=6)))
    def sleeps(self, unread: set[int]) -> None:
        found = [finding(n, last_at=ASKED + timedelta(hours=n + 20 * self.last[n])) for n in sorted(self.open - unread)]
        read = [n for n in self.last if n not in unread]
        before = {life.task.id: life for life in self.lives}
        self.lives = night(self.lives, found, *read, day=self.day)
        assert night(self.lives, found, *read, day=self.day) == self.lives
        for life in self.lives:
            self.hold(life, before.get(life.task.id), unread)
        self.day += timedelta(days=1)

    def hold(self, life: Life, before: Life | None, unread: set[int]) -> None:
        n = next(n for n in range(1, 7) if slack(n) == life.task.sources[0])
        due = life.task.id in self.slept and self.slept[life.task.id] <= self.day
        if life.task.id in self.over or (n in unread and before is not None and not due):
            assert before == life
        elif n not in unread:
            asleep = life.task.id in self.slept and not due and before is not None and before.task.state == "snoozed"
            assert life.task.state == ("settled" if n not in self.open else "snoozed" if asleep else "open")
        if life.task.state != "snoozed":
            self.slept.pop(life.task.id, None)

    @precondition(lambda self: any(life.task.state in ("open", "snoozed") for life in self.lives))
    @rule(data=st.data(), pause=st.integers(min_value=0, max_value=4))
    def presses(self, data: st.DataObject, pause: int) -> None:
        living = [place for place, life in enumerate(self.lives) if life.task.state in ("open", "snoozed")]
        place = data.draw(st.sampled_from(living))
        task = self.lives[place].task.id
        if pause:
            self.slept[task] = self.day + timedelta(days=pause)
            self.lives[place] = pressed(self.lives[place], "snoozed", self.slept[task])
        else:
            self.over.add(task)
            self.slept.pop(task, None)
            self.lives[place] = pressed(self.lives[place], "done")

    @invariant()
    def has_one_task_for_each_ask(self) -> None:
        ids = [life.task.id for life in self.lives]
        assert len(ids) == len(set(ids))
        assert {life.task.sources[0] for life in self.lives} <= {slack(n) for n in self.last}


Nights.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
test_over_any_nights_a_task_is_what_a_person_would_remember = Nights.TestCase
