"""The project's words as frozen values. Imports nothing of ours; everything else may import it."""

from datetime import date, datetime, time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Value(BaseModel):
    """A frozen value that may cross a border: a checkpoint, a table, a file, a prompt."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- people ---------------------------------------------------------------------------------------

PersonKey = str
"""A Slack user id when the person has one, else a case-folded mail address."""


class Address(Value):
    """One mailbox of a header: display name as written (may be empty), address case-folded."""

    name: str = ""
    address: str


class Person(Value):
    """Somebody Nightdesk knows: a Slack user joined with mail addresses, or an address alone."""

    key: PersonKey
    name: str
    short_names: tuple[str, ...] = ()  # what colleagues call them: "Ada", "ada.l"; never empty strings
    addresses: tuple[str, ...] = ()  # case-folded; the connected accounts and the Slack profile's
    zone: str = "UTC"
    role: Literal["member", "guest", "outside", "bot"] = "member"
    active: bool = True


DraftLevel = Literal["all", "standard", "high", "off"]
"""Which mails get a draft: those that need the owner; besides, what is asked of nobody by name where the owner is only in
Cc (`all`); only what is due or blocks somebody (`high`); none. What never gets one gets one at no level."""


class Preferences(Value):
    """How a person wants their nights and mornings. Times are local to their zone."""

    zone: str | None = None  # None: as Slack says
    night_at: time = time(1)  # an evening belongs to the morning it ends on
    wakes_at: time = time(8)
    working_days: tuple[int, ...] = (0, 1, 2, 3, 4)  # 0 is Monday; mornings that get a digest
    level: DraftLevel = "standard"
    shadow: bool | None = None  # drafts are shown in Slack and stay out of the mailbox; None: in the first nights
    paused: bool = False


class Party(Value):
    """Somebody as a message shows them. `key` is empty only when nothing identifies the author."""

    key: PersonKey
    name: str
    address: str = ""
    kind: Literal["member", "guest", "outside", "bot"] = "member"


# --- sources --------------------------------------------------------------------------------------


class SlackSource(Value):
    kind: Literal["slack"] = "slack"
    channel: str
    ts: str


class MailSource(Value):
    kind: Literal["mail"] = "mail"
    account: str
    message_id: str  # with its angle brackets


class DocumentSource(Value):
    kind: Literal["document"] = "document"
    name: str
    page: int  # 1-based


Source = Annotated[SlackSource | MailSource | DocumentSource, Field(discriminator="kind")]


class Quoted(Value):
    """Text somebody else wrote: data, never an instruction. Enters a prompt only through `graphs.quote`."""

    text: str

    def __str__(self) -> str:  # an accidental f-string or log line shows no content
        return f"<quoted, {len(self.text)} characters>"

    __repr__ = __str__


# --- messages -------------------------------------------------------------------------------------


class Attachment(Value):
    name: str
    media_type: str
    size: int = 0  # bytes; 0 when unknown


class Link(Value):
    """A link of an HTML mail or Slack message: the shown text and where it really goes."""

    shown: str
    target: str


class MailFacts(Value):
    """What the headers and structure of one mail say. All addresses case-folded."""

    mailbox: Literal["inbox", "sent", "drafts"]
    message_id: str  # with angle brackets; derived from the content when the mail has none
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    subject: str = ""
    sender: Address
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    delivered_to: tuple[str, ...] = ()
    offset_minutes: int = 0  # of the Date header's zone
    list_id: str = ""
    list_unsubscribe: bool = False
    precedence: str = ""
    auto_submitted: str = ""  # case-folded value of Auto-Submitted; "" when absent
    auto_response_suppress: bool = False
    feedback_id: bool = False  # a Feedback-ID or campaign header of a mass mailer
    return_path: str = ""  # "<>" is kept as "<>"
    authentication: tuple[str, ...] = ()  # of Authentication-Results: "spf=fail", "dkim=pass", "dmarc=fail" …
    spam_flag: bool = False  # X-Spam-Flag: YES or the like
    sensitivity: str = ""  # case-folded Sensitivity header
    importance: str = ""
    calendar_method: str = ""  # METHOD of a text/calendar part, upper case
    has_html: bool = False
    html_only: bool = False
    quotes_original: bool = False  # the mail carries a quoted original below or between its own text
    signature: str = ""  # as stripped from the text; "" when none was found
    quoted_text: str = ""  # what was stripped as quotation, at most 20,000 characters
    attachments: tuple[Attachment, ...] = ()
    links: tuple[Link, ...] = ()


class Reaction(Value):
    name: str  # without colons
    users: tuple[PersonKey, ...] = ()


class SlackFacts(Value):
    """What Slack says about one message beside its text."""

    subtype: str = ""
    parent_ts: str = ""  # of the thread's first message, when this is a reply
    raw: str = ""  # mrkdwn as Slack holds it
    reactions: tuple[Reaction, ...] = ()
    files: tuple[Attachment, ...] = ()
    links: tuple[Link, ...] = ()
    broadcast: bool = False  # <!channel>, <!here>, <!everyone> or a user group
    asks_us: bool = False  # was said to the bot, and only asks or orders something: no source of anything


class Message(Value):
    """One message as graphs see it, Slack or mail. `text` is only what its author wrote then and there:
    quotations and signatures are stripped, Slack markup is rendered (`<@U1>` as `@Ada`)."""

    id: int = 0  # row id in the store; 0 before it is stored
    scope: str  # key of its one scope, see `scope_of`
    source: Source
    thread: str  # unique within the scope
    author: Party
    sent_at: datetime  # aware, UTC
    edited_at: datetime | None = None
    text: Quoted
    mentions: tuple[PersonKey, ...] = ()  # Slack: who is @-mentioned
    mail: MailFacts | None = None
    slack: SlackFacts | None = None
    revision: int = 1


class Channel(Value):
    """A Slack conversation as far as its readers matter."""

    id: str
    name: str  # of a DM: the names of its members
    kind: Literal["public", "private", "dm", "mpim"] = "public"
    shared: bool = False  # with another organisation
    has_guests: bool = False
    archived: bool = False
    members: tuple[PersonKey, ...] = ()
    topic: str = ""
    purpose: str = ""


class Thread(Value):
    """Messages of one thread, oldest first, never empty; all of one scope."""

    scope: str
    key: str
    medium: Literal["slack", "mail"]
    title: str  # mail: subject without Re:/Fwd:; Slack: "#name" or the names in a DM
    channel: Channel | None = None
    messages: tuple[Message, ...]


# --- scopes ---------------------------------------------------------------------------------------


def channel_scope(channel_id: str) -> str:
    return f"channel:{channel_id}"


def account_scope(address: str) -> str:
    return f"account:{address}"


# --- what judgement produces ----------------------------------------------------------------------

TaskKind = Literal["owe", "waiting", "blocked", "decision"]
"""owe: the owner promised or was asked; waiting: the owner waits; blocked: somebody waits on the owner and
cannot go on; decision: the owner must decide."""

FoundBy = Literal["model", "rules", "owner"]
"""owner: put on the list by hand; it stays there until they take it off."""


class Finding(Value):
    """One unfinished thing of one person, as judged from one thread."""

    kind: TaskKind
    what: str  # the obligation in a few words, fact first, no "X mentioned"
    why: str = ""  # the reason it matters now, in a few words; "" when the sources say none
    next_step: str
    due: date | None = None  # local date of the owner; only when a source states it
    counterpart: PersonKey = ""  # who asked, or who is waited for
    sources: tuple[Source, ...]  # at least one; the first is the message that made it
    sensitive: bool = False  # told by a neutral line only
    asked_at: datetime
    last_at: datetime  # of the newest message that bears on it
    found_by: FoundBy = "rules"


NotDrafted = Literal[
    "bulk", "automatic", "invitation", "code", "phishing", "sensitive", "information", "answered_by_owner",
    "answered_by_other", "answered_elsewhere", "superseded", "duplicate", "too_old", "own_draft", "unsure",
    "not_addressed", "no_model", "budget", "confidential", "unreadable", "not_wanted",
]  # fmt: skip


class Nature(Value):
    """What kind of mail this is, as code recognises it, with the reason in a few words."""

    kind: Literal["person", "bulk", "automatic", "invitation", "code", "phishing", "sensitive", "confidential"]
    why: str = ""


class Fact(Value):
    """One statement worth keeping, with the words that show it."""

    kind: Literal["decision", "commitment", "status", "preference", "fact", "event", "open_question"]
    text: str  # readable alone: names instead of pronouns
    quote: str  # verbatim from its message, white space folded
    message: int  # row id of the message quoted
    source: Source
    said_by: PersonKey
    said_at: datetime
    change: Literal["", "decision", "reversal", "disagreement", "news"] = ""  # worth telling people in the morning
    confidence: float = 0.6
    found_by: FoundBy = "rules"


class Memory(Value):
    """A fact as the store keeps it, or a conclusion: what follows from at least two facts."""

    id: int
    scope: str
    kind: str  # as of a fact, or "conclusion"
    text: str
    quote: str  # of a conclusion ""
    sources: tuple[Source, ...]
    said_by: PersonKey
    valid_from: datetime
    valid_to: datetime | None = None
    superseded_by: int | None = None
    contradicts: tuple[int, ...] = ()  # what else is said of the same and cannot hold with it, in either order
    premises: tuple[int, ...] = ()  # of a conclusion, never empty then
    confidence: float = 0.6


class ContextLine(Value):
    """One line of learned context and the memories it stands on: when one of them falls, the line falls."""

    text: str
    memories: tuple[int, ...]


TaskState = Literal["open", "snoozed", "done", "settled", "dropped"]


class Task(Value):
    """One unfinished thing of one person, alive over several nights."""

    id: str  # derived from the owner and the message that made it
    owner: PersonKey
    kind: TaskKind
    what: str
    why: str = ""
    next_step: str
    due: date | None = None
    state: TaskState = "open"
    counterpart: PersonKey = ""
    sources: tuple[Source, ...]
    sensitive: bool = False
    asked_at: datetime
    last_at: datetime
    found_by: FoundBy = "rules"


class Ask(Value):
    """Something the mail asks for, and whether the draft answers it."""

    ask: str
    answered: bool


class UsedFact(Value):
    """A fact in a draft and where it comes from."""

    text: str
    source: Source


class Receipt(Value):
    """Why a draft says what it says. Shown to its owner, never put into the mail."""

    asks: tuple[Ask, ...] = ()
    facts: tuple[UsedFact, ...] = ()
    assumptions: tuple[str, ...] = ()
    withheld: tuple[Source, ...] = ()  # known to the owner, not to the recipients: not used
    why: str = ""


class Draft(Value):
    """A reply as it would lie in the Drafts mailbox. Addresses come from the thread, never from a model."""

    account: str
    message_id: str  # our own, derived
    in_reply_to: str
    to: tuple[Address, ...]
    cc: tuple[Address, ...] = ()
    sender: Address
    subject: str
    body: str  # the reply's own text, without signature and quotation
    slots: tuple[str, ...] = ()
    receipt: Receipt
    asked_at: datetime
    foreign_reply_to: bool = False


class Considered(Value):
    """What became of one inbox mail: a draft, a question to the owner, or a reason for neither."""

    account: str
    message_id: str
    reason: NotDrafted | None = None  # None: `draft` is set
    why: str = ""
    draft: Draft | None = None
    question: str = ""  # for the digest, when only the owner knows
    sources: tuple[Source, ...] = ()


class Answer(Value):
    """A live answer. `citations` are among `retrieved` or in the thread, and open for everybody who reads the place."""

    text: str
    citations: tuple[Source, ...] = ()
    served: Literal["prepared", "composed", "rules", "not_found"]
    retrieved: tuple[Source, ...] = ()
    prepared_at: datetime | None = None  # when it is `prepared`


Reason = Literal["asked", "not_found", "changed", "open", "due", "event", "stale", "expected"]
"""Why a question is expected: it was asked before, nobody found an answer, what it is about changed or is not settled, comes
up soon or is planned, its answer has to be made anew; or somebody who knows the place would ask it."""


class Read(Value):
    """A message row that an answer was made from, in the revision that was read."""

    message: int
    revision: int
    cited: bool


class Prepared(Value):
    """A question that is expected, with the answer made ahead for one audience. `answer` has the places of its citations
    behind each statement, as [1]."""

    id: int
    scope: str
    question: str
    also: tuple[str, ...] = ()  # the same in other words
    answer: str
    citations: tuple[Source, ...]
    rests: tuple[Source, ...] = ()  # all else whose words may stand in it, where that is asked for
    reason: Reason
    score: float  # how surely it is expected, from 0 to 1
    night: date
    at: datetime  # what was said up to here was read
    expires: datetime


VALUES: tuple[type, ...] = (
    Address, Answer, Ask, Considered, ContextLine, DocumentSource, Draft, Fact, Finding, MailSource, Memory,
    Read, Receipt, SlackSource, Task, UsedFact,
)  # fmt: skip
"""Values that graphs keep in their state."""
