"""The local page: the sandbox's workspace, its mailboxes and its nights, for one person at this machine."""
