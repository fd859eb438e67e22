"""`/nightdesk`: how things stand, and what a person may want at once. Answered in the DM, where nobody else reads along."""

from bot import cards, forgetting, hometab, learning, morning
from bot.pressing import At, tell
from bot.slack.blocks_thread import Cited
from bot.slack.interactions import Command
from bot.slack.kit import line
from bot.slack.mrkdwn import link
from bot.store import mornings, outbox, people, queue

HELP = [
    "`/nightdesk status`: how things stand",
    "`/nightdesk digest`: today's digest, once more",
    "`/nightdesk pause` and `/nightdesk resume`: no nights and no digests, and again",
    "`/nightdesk known`: what I know about you and the company, and where from",
    "`/nightdesk privacy`: which text goes where",
    "`/nightdesk ignore` and `/nightdesk use`: none of your messages are used, and again",
    "`/nightdesk forget`: how something is forgotten",
]

FORGET = [
    "*A message:* delete it in Slack. What was concluded from it goes with it, at once.",
    "*A mailbox:* press Disconnect on the Home tab. Its mail and all that was learned from it go.",
    "*A whole channel:* remove Nightdesk from it. Nothing more is read there.",
    "*All that you wrote:* `/nightdesk ignore`. What was concluded from it goes too, and nothing you write is kept from then on.",
    "*Everything about you:* ask whoever runs Nightdesk: `nightdesk export` gives it to you, `nightdesk erase` forgets it.",
]

KNOWN = "This is what I go by. What I learned of late you can take back on the Home tab, line by line."
UNKNOWN = "Nothing yet: the first night writes it."
SOURCES = 2

IGNORED = "None of your messages are used from now on, except what you say to me. What I knew of them is forgotten."
USED = "What you write is used again from now on."


def handle(at: At, command: Command) -> str:
    """Answers one command; returns why not, or ''."""
    word = (command.words.split() or ["help"])[0].casefold()
    match word:
        case "status":
            with at.desk.store.directory() as tx:
                hours = people.preferences(tx, at.owner.id)
            tell(at, "How things stand", [cards.sentence(said) for said in hometab.status(at.desk, at.owner, hours)])
        case "digest":
            _digest(at)
        case "pause" | "resume":
            _pause(at, paused=word == "pause")
        case "privacy":
            tell(at, "Which text goes where", hometab.privacy(at.desk))
        case "known":
            _known(at)
        case "ignore":
            forgetting.leave_out(at.desk, at.owner.id)
            tell(at, IGNORED, [IGNORED])
        case "use":
            forgetting.use_again(at.desk, at.owner.id)
            tell(at, USED, [USED])
        case "forget":
            tell(at, "How something is forgotten", FORGET)
        case _:
            tell(at, "What /nightdesk can do", HELP)
    return ""


def _digest(at: At) -> None:
    """Today's, where it stands; brought again when Slack does not show it."""
    key = cards.key_of(at.owner.person.key, at.today)
    with at.owner.begin() as tx:
        standing = outbox.get(tx, key)
        there = at.today in mornings.dates(tx, at.owner.scope, at.today, 1)
    if standing is not None and standing.ts:
        url = hometab.url_of(at.desk, standing)
        tell(at, "Your digest", [link(url, "Your digest of today")])
    elif there:
        with at.desk.store.directory() as tx:
            queue.defer(tx, morning.delivery(at.owner.id, at.owner.person.key, at.today))
    else:
        tell(at, "No digest yet", ["There is no digest of today yet. On the Home tab you can run a night at once."])


def _known(at: At) -> None:
    """The briefs that answers begin with. What changed of late, and may be undone, is on the Home tab."""
    told, rests = learning.known(at.desk, at.owner)
    lines = [f"• {' · '.join([line(text, 240), *map(_source, found[:SOURCES])])}" for text, found in told]
    tell(at, "What I know", [KNOWN, *lines] if lines else [UNKNOWN], rests)


def _source(one: Cited) -> str:
    return link(one.url, one.label)


def _pause(at: At, paused: bool) -> None:
    with at.desk.store.directory() as tx:
        people.change_preferences(tx, at.owner.id, {"paused": paused})
    said = "Paused: no nights, no digests, no drafts. `/nightdesk resume` lets it go on."
    tell(at, "Paused" if paused else "Going on", [said if paused else "Going on with your next night."])
