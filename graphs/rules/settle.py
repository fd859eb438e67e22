"""How later messages and reactions settle, accept, hand back or withdraw a matter."""

from datetime import timedelta

from graphs.rules.address import Turn, content_words
from graphs.rules.matter import Matter, Reading, is_mass
from graphs.rules.speech import has_arrived, starts_with_yes_or_no, takes_over
from graphs.rules.text import word_set

_DONE_MARKS = word_set(
    """white_check_mark heavy_check_mark ballot_box_with_check check checked check_mark done completed complete merged
    shipit finished erledigt tick verified approved white_tick green_check ok_check resolved"""
)
_YES_MARKS = word_set("+1 thumbsup ok_hand 100 heavy_plus_sign ok thumbsup_all yes approve ship rocket")
_SEEN_MARKS = word_set("eyes saluting_face salute hourglass hourglass_flowing_sand pray construction writing_hand")
_NEAR_IN_DM, _NEAR_IN_CHANNEL, _NEXT_IN_CHANNEL = timedelta(days=4), timedelta(hours=3), timedelta(hours=24)
_MOST_BETWEEN = 8  # messages, outside of threads


def respond(turn: Turn, matters: list[Matter], here: Reading) -> None:
    """What `turn` does to the matters that were there before it."""
    if is_mass(turn.message):
        return
    open_ones = [matter for matter in matters if not matter.settled]
    for matter in open_ones:
        if turn.who == matter.asker:
            _by_asker(turn, matter, open_ones, here)
        elif turn.who in matter.doers or not matter.doers:
            if _related(turn, matter, open_ones, here):
                _by_doer(turn, matter, here)
        elif _related(turn, matter, open_ones, here):
            _by_another(turn, matter)
    for matter in open_ones:
        if turn.who == matter.asker and turn.who in matter.doers and matter.promised:
            _by_doer(turn, matter, here)


def _by_asker(turn: Turn, matter: Matter, open_ones: list[Matter], here: Reading) -> None:
    """Thanks, withdrawals and news from the one who waits."""
    said = [one.speech for one in turn.said]
    close = _related(turn, matter, open_ones, here) or _latest_of(matter, open_ones)
    if not close:
        return
    withdrawn = any(speech.withdraws for speech in said)
    did_it = any(speech.done and content_words(speech.body) & matter.words for speech in said) and not matter.promised
    thanked = any(speech.thanks and not speech.ask for speech in said) and _was_answered(turn, matter)
    matter.settled = matter.settled or withdrawn or did_it or thanked
    if matter.asked_back is not None and turn.at > matter.asked_back.at and _says_something(turn):
        matter.asked_back = None
        matter.note(turn)


def _was_answered(turn: Turn, matter: Matter) -> bool:
    """Whether thanks are for the thing itself: not when the last word was only a promise."""
    arrived = any(has_arrived(one.speech.body) for one in turn.said)
    replied, accepted = matter.replied, matter.accepted
    if replied is None:
        return arrived and accepted is not None
    return arrived or accepted is None or accepted.at < replied.at


def _by_doer(turn: Turn, matter: Matter, here: Reading) -> None:
    """An answer, a report, a promise, a refusal, a question back, or nothing of the kind."""
    said = [one.speech for one in turn.said if one.speech.body]
    done = any(speech.done or speech.withdraws for speech in said)
    commits = any(speech.promise for speech in said)
    refused = any(speech.refuses for speech in said) and not matter.promised
    room_answered = not matter.doers and (commits or _states(turn))  # whoever takes a question of the room, has it
    puts_off = commits or any(speech.delays for speech in said)
    asked_yes_or_no = matter.speech.ask in ("question", "decision") and not matter.promised
    says_yes = asked_yes_or_no and not puts_off and bool(said) and starts_with_yes_or_no(said[0].body)
    if done or refused or room_answered or says_yes or (_delivers(turn) and not commits):
        _finish(turn, matter)
    elif puts_off:
        if not matter.promised or commits:
            matter.accepted = turn
            matter.note(turn)
    elif any(speech.ask for speech in said) and not _states(turn):
        if not matter.promised:
            matter.asked_back = turn
            matter.note(turn)
    elif _states(turn):
        _weigh(turn, matter, here)
    elif said and not matter.promised:
        _nod(turn, matter)


def _weigh(turn: Turn, matter: Matter, here: Reading) -> None:
    """A plain statement answers a question; it settles an action only when it speaks of the same thing."""
    about = content_words(turn.message.text.text)
    if matter.promised:
        checks_in = {"check", "get", "come", "report", "find", "see", "ask"}
        if len(about & matter.words) >= 2 or (checks_in & set(matter.speech.body.split()) and about & matter.words):
            _finish(turn, matter)
    elif matter.speech.ask in ("question", "decision") or about & matter.words or here.thread.medium == "mail":
        _finish(turn, matter)
    else:
        matter.replied = turn
        matter.note(turn)


def _nod(turn: Turn, matter: Matter) -> None:
    """ "Sure" answers a question and accepts a request; thanks alone does neither."""
    if all(one.speech.thanks for one in turn.said if one.speech.body):
        return
    if matter.speech.ask in ("question", "decision"):
        _finish(turn, matter)
    else:
        matter.accepted = turn
        matter.note(turn)


def _by_another(turn: Turn, matter: Matter) -> None:
    """Somebody who was not asked did it, or took it on."""
    said = [one.speech for one in turn.said]
    shared = content_words(turn.message.text.text) & matter.words
    if matter.promised:
        return
    did_it = any(speech.done for speech in said) and (bool(shared) or _delivers(turn))
    if did_it or any(speech.promise and takes_over(speech.body) for speech in said):
        matter.settled = True
    elif _states(turn) and matter.speech.ask == "question":
        matter.replied = turn  # the asker's thanks would settle it


def _finish(turn: Turn, matter: Matter) -> None:
    """Settled, or, when several were named, settled for the one who spoke."""
    matter.replied = turn
    matter.done_by.add(turn.who)
    matter.note(turn)
    matter.settled = not matter.named or len(matter.doers) < 2 or matter.doers <= matter.done_by


def _delivers(turn: Turn) -> bool:
    message = turn.message
    return bool((message.slack and message.slack.files) or (message.mail and message.mail.attachments) or _links(turn))


def _links(turn: Turn) -> bool:
    return "http" in turn.message.text.text and turn.message.mail is None


def _states(turn: Turn) -> bool:
    """True when some sentence says something: more than thanks, a nod, a promise, a greeting or a question."""
    return any(
        not (
            (one.speech.ask and not one.speech.weak)
            or one.speech.promise
            or one.speech.delays
            or one.speech.acknowledges
        )
        and one.speech.body
        and not (one.speech.thanks and len(content_words(one.speech.body)) < 3)
        for one in turn.said
    )


def _says_something(turn: Turn) -> bool:
    return any(not one.speech.ask and one.speech.body for one in turn.said)


def _latest_of(matter: Matter, open_ones: list[Matter]) -> bool:
    return matter is next((m for m in reversed(open_ones) if m.asker == matter.asker), None)


def _related(turn: Turn, matter: Matter, open_ones: list[Matter], here: Reading) -> bool:
    """In a thread everything belongs together; outside, what is near, names the other one, or shares rare words."""
    mentioned = set(turn.message.mentions) | {key for one in turn.said if one.target.named for key in one.target.keys}
    if not here.loose:
        # Several people ask in one thread: an answer that names one of them is for that one.
        askers = {m.asker for m in open_ones if m.asker} - {turn.who}
        return (
            not (mentioned & askers)
            or matter.asker in mentioned
            or turn.who == matter.asker
            or here.thread.medium == "mail"
        )
    if content_words(turn.message.text.text) & matter.words:
        return True
    if here.channel and mentioned and matter.asker not in mentioned and turn.who != matter.asker:
        return False
    newer = any(m.at > matter.at and m.at < turn.at and not _one_breath(m, matter, turn) for m in open_ones)
    between = [m for m in here.thread.messages[matter.turn.at + 1 : turn.at] if m.author.key != turn.who]
    last = max(
        (t.message.sent_at for t in (matter.turn, *matter.evidence) if t.at < turn.at), default=turn.message.sent_at
    )
    alone = not any(m.author.key != matter.asker for m in between)
    wait = (_NEXT_IN_CHANNEL if alone else _NEAR_IN_CHANNEL) if here.channel else _NEAR_IN_DM
    near = turn.message.sent_at - last <= wait
    return near and not newer and (len(between) <= _MOST_BETWEEN or matter.asker in mentioned)


def _one_breath(newer: Matter, older: Matter, turn: Turn) -> bool:
    """Two asks of one message, or a newer one that does not concern the speaker."""
    concerns = turn.who in newer.doers or not newer.doers or turn.who == newer.asker
    return newer.at == older.at or not concerns


def react(matter: Matter) -> None:
    """Reactions on the asking message: a tick by a doer or the asker settles, a thumb answers what is asked yes or no."""
    slack = matter.turn.message.slack
    for reaction in slack.reactions if slack else ():
        name = reaction.name.partition("::")[0]
        users = set(reaction.users)
        doers = users & matter.doers if matter.doers else users - {matter.asker}
        if name in _DONE_MARKS and (doers or matter.asker in users):
            matter.done_by |= doers
            matter.settled = (
                matter.settled or not matter.named or matter.doers <= matter.done_by or matter.asker in users
            )
        elif name in _YES_MARKS and doers and matter.speech.ask in ("decision", "question") and not matter.promised:
            matter.done_by |= doers
            matter.settled = matter.settled or len(matter.doers) < 2
        elif name in ("x", "negative_squared_cross_mark", "no_entry") and matter.asker in users:
            matter.settled = True
