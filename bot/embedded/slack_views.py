"""Web API methods for App Home and modals."""

from bot.embedded.slack_call import Call, Method
from bot.embedded.slack_posting import checked_blocks
from bot.embedded.slack_values import Json, Refused
from bot.embedded.slack_workspace import Workspace

MOST_BLOCKS = 100
MOST_TITLE = 24
TRIGGER_SECONDS = 3.0


def view_json(company: Workspace, given: object, kind: str, key: str, root: str = "", previous: str = "") -> Json:
    """A view as Slack keeps it. Raises `Refused` where it would not take it."""
    if not isinstance(given, dict) or given.get("type") != kind:
        raise _wrong(f"must be a {kind} view [json-pointer:/view/type]")
    if kind == "modal":
        _check_title(given)
    return {
        "id": key,
        "team_id": company.team,
        "type": kind,
        "blocks": _checked(company, given.get("blocks")),
        "private_metadata": given.get("private_metadata", ""),
        "callback_id": given.get("callback_id", ""),
        "state": {"values": {}},
        "hash": f"{int(company.clock())}.{company.new_id('')[:8].lower()}",
        "title": given.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
        "clear_on_close": bool(given.get("clear_on_close")),
        "notify_on_close": bool(given.get("notify_on_close")),
        "close": given.get("close"),
        "submit": given.get("submit"),
        "previous_view_id": previous or None,
        "root_view_id": root or key,
        "app_id": company.app_id,
        "external_id": given.get("external_id", ""),
        "app_installed_team_id": company.team,
        "bot_id": company.bot.bot_id,
    }


def _check_title(given: Json) -> None:
    title = (given.get("title") or {}).get("text", "")
    if not title:
        raise _wrong("missing required field: title [json-pointer:/view]")
    if len(title) > MOST_TITLE:
        raise _wrong(f"must be less than {MOST_TITLE + 1} characters [json-pointer:/view/title/text]")
    if not given.get("submit") and any(block.get("type") == "input" for block in given.get("blocks") or []):
        raise _wrong("missing required field: submit [json-pointer:/view]")


def _checked(company: Workspace, blocks: object) -> list[Json]:
    """Inputs are a view's own; all else is held to what messages are held to."""
    if not isinstance(blocks, list):
        raise _wrong("missing required field: blocks [json-pointer:/view]")
    inputs = [block for block in blocks if isinstance(block, dict) and block.get("type") == "input"]
    for block in inputs:
        if not (block.get("element") or {}).get("type") or not (block.get("label") or {}).get("text"):
            raise _wrong("an input needs a label and an element [json-pointer:/view/blocks]")
    shown = checked_blocks(company, [block for block in blocks if block not in inputs], MOST_BLOCKS)
    if len(blocks) > MOST_BLOCKS:
        raise _wrong(f"no more than {MOST_BLOCKS} items allowed [json-pointer:/view/blocks]")
    named, rest = company.new_id("")[:4].lower(), iter(shown)
    return [
        (block if block.get("block_id") else {**block, "block_id": f"{named}{n}"}) if block in inputs else next(rest)
        for n, block in enumerate(blocks)
    ]


def _wrong(message: str) -> Refused:
    return Refused("invalid_arguments", response_metadata={"messages": [f"[ERROR] {message}"]})


def publish(call: Call) -> Json:
    company, user = call.company, call.user("user_id")
    before = company.homes.get(user.id)
    _check_hash(call, before)
    view = view_json(company, call.arguments.get("view"), "home", before["id"] if before else company.new_id("V"))
    company.homes[user.id] = view
    company.changed("home", user=user.id)
    return {"view": view}


def open_view(call: Call) -> Json:
    user = _spend_trigger(call)
    view = view_json(call.company, call.arguments.get("view"), "modal", call.company.new_id("V"))
    call.company.modals[user] = []
    return show(call.company, user, view)


def push_view(call: Call) -> Json:
    """On top of the modal that is open; Slack stacks three."""
    user, company = _spend_trigger(call), call.company
    stack = company.modals.get(user, [])
    if not stack or len(stack) >= 3:
        raise Refused("push_limit_reached" if stack else "not_found")
    given = call.arguments.get("view")
    return show(company, user, view_json(company, given, "modal", company.new_id("V"), stack[0], stack[-1]))


def show(company: Workspace, user: str, view: Json) -> Json:
    company.views[view["id"]] = view
    company.modals.setdefault(user, []).append(view["id"])
    company.changed("view", user=user)
    return {"view": view}


def update_view(call: Call) -> Json:
    company = call.company
    homes = {view["id"]: user for user, view in company.homes.items()}
    key = call.get("view_id") or next(
        (v["id"] for v in company.views.values() if v["external_id"] == call.text("external_id")), ""
    )
    before = company.views.get(key) or (company.homes[homes[key]] if key in homes else None)
    if before is None:
        raise Refused("not_found")
    _check_hash(call, before)
    root, previous = before["root_view_id"], before["previous_view_id"] or ""
    view = view_json(company, call.arguments.get("view"), before["type"], key, root, previous)
    if key in homes:
        company.homes[homes[key]] = view
        company.changed("home", user=homes[key])
    else:
        company.views[key] = view
        company.changed("view")
    return {"view": view}


def _check_hash(call: Call, before: Json | None) -> None:
    if before is not None and call.get("hash") and call.get("hash") != before["hash"]:
        raise Refused("hash_conflict")


def _spend_trigger(call: Call) -> str:
    """Who pressed. A trigger opens one view, within three seconds."""
    key = call.text("trigger_id")
    held = call.company.triggers.get(key)
    if held is None:
        raise Refused("invalid_trigger_id")
    user, born = held
    if not user:
        raise Refused("exchanged_trigger_id")
    if call.company.clock() - born > TRIGGER_SECONDS:
        raise Refused("expired_trigger_id")
    call.company.triggers[key] = ("", born)
    return user


VIEWS = {
    "views.publish": Method(publish),
    "views.open": Method(open_view),
    "views.push": Method(push_view),
    "views.update": Method(update_view),
}
