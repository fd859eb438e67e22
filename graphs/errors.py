"""Errors sorted by what to do about them. Adapters translate into these once, with `from`."""


class NightdeskError(Exception):
    """A failure told in one sentence; carries no content of messages and no secret."""


class Later(NightdeskError):
    """Try again later: a busy or unreachable server, a lost connection, a lock somebody holds."""


class NeedsPerson(NightdeskError):
    """Nothing helps but a person: a wrong setting, a refused login, a full disk. The sentence names what to change."""


class Denied(NightdeskError):
    """The viewer may not do or see this. Never say whether it exists."""
