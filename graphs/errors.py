"""Errors that say what to do. Raised at the border of the program and told in one sentence; the sentence quotes no content."""


class NightdeskError(Exception):
    """Something that the user may be told: the message is a whole sentence without secrets or content."""


class Later(NightdeskError):
    """It may work in a while. Whoever runs the job tries again, not before `after` seconds when that is known."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class NotYet(Later):
    """It is not its time: what it waits for is on its way, or everything is paused. However often, that is no failure."""


class Unsure(Later):
    """It may have happened: look on the far side before doing it again."""


class NeedsPerson(NightdeskError):
    """Trying again changes nothing until a person acts; the message says how."""


class Denied(NightdeskError):
    """The other side refuses this to us, rightly: no retry, and nobody has to act."""
