"""What the page stands on: the sandbox's workspace, its mail server, the desk, the clock, and the night that may be slept."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from bot.desk import Desk
from bot.embedded.imap import MailServer
from bot.embedded.slack import Sandbox
from bot.web.seen import Viewer, people
from graphs.errors import Denied, Later, NeedsPerson

log = structlog.get_logger()

Tell = Callable[[str], None]
"""Says in a few words what is being done."""


@dataclass(frozen=True)
class Question:
    """Something to try, with a button of its own."""

    who: str  # handle
    channel: str  # name; "" for the conversation with the bot
    text: str


class Night:
    """The night that a press begins: one at a time, in a thread of its own."""

    def __init__(self, sleep: Callable[[Tell], None]) -> None:
        self._sleep = sleep
        self._lock = threading.Lock()
        self.doing = ""
        self.problem = ""
        self.changed: Callable[[], None] = lambda: None

    @property
    def is_busy(self) -> bool:
        return bool(self.doing)

    def begin(self) -> bool:
        """False when one is being slept already."""
        with self._lock:
            if self.doing:
                return False
            self.doing, self.problem = "The night begins …", ""
        threading.Thread(target=self._run, name="night", daemon=True).start()
        return True

    def _run(self) -> None:
        try:
            self._sleep(self._tell)
        except (Later, NeedsPerson, Denied) as err:
            self.problem = str(err)
        finally:
            self.doing = ""
            self.changed()

    def _tell(self, doing: str) -> None:
        self.doing = doing
        self.changed()


@dataclass(frozen=True)
class Stage:
    """Everything the page shows and acts on."""

    slack: Sandbox
    mail: MailServer
    mailboxes: dict[str, str]  # handle -> address
    desk: Desk
    now: Callable[[], datetime]
    night: Night
    disclosure: str
    mailed: Callable[[], None]  # somebody did something in a mailbox
    questions: Sequence[Question] = ()
    shortcuts: Sequence[tuple[str, str]] = ()  # (name, callback id) of those on a message
    command: str = "/nightdesk"
    refused: dict[str, str] = field(default_factory=dict)  # user -> why their modal was not taken

    def viewer(self, handle: str) -> Viewer | None:
        return next((one for one in people(self.slack.company) if one.handle == handle), None)
