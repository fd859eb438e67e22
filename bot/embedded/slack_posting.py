"""Web API methods that write: messages, streams, status lines, reactions."""

from collections.abc import Sequence
from typing import Any

from bot.embedded.slack_call import Call, Method
from bot.embedded.slack_shapes import bot_profile, with_block_ids
from bot.embedded.slack_values import Json, NotShown, Refused
from bot.embedded.slack_workspace import Room, Stream, Workspace

MOST_BLOCKS = 50
MOST_TEXT = 40_000  # what is longer is cut
MOST_UPDATE = 4_000  # what is longer is refused, in an update without blocks
MOST_MARKDOWN = 12_000
MOST_METADATA = 16_000  # characters as JSON


# --- what a message may hold ----------------------------------------------------------------------


def checked_blocks(company: Workspace, blocks: object, most: int = MOST_BLOCKS) -> list[Json]:
    """Blocks that Slack would take, each with a name. Raises `Refused` with what is wrong."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise Refused("invalid_blocks_format")
    wrong = [f"no more than {most} items allowed [json-pointer:/blocks]"] if len(blocks) > most else []
    for start in range(0, len(blocks), MOST_BLOCKS):
        wrong += company.check("-", blocks[start : start + MOST_BLOCKS])
    if wrong:
        said = [f"[ERROR] {one}" for one in wrong]
        raise Refused("invalid_blocks", errors=wrong, response_metadata={"messages": said})
    return with_block_ids(blocks, company.new_id("")[:4].lower())


def _content(call: Call) -> Json:
    """Text, blocks and metadata of a message; refused when there is nothing to show."""
    given = call.arguments
    markdown, text, blocks = call.get("markdown_text"), call.get("text"), given.get("blocks")
    if markdown and (text or blocks):
        raise Refused("markdown_text_conflict")
    if not (markdown or text or blocks or given.get("attachments")):
        raise Refused("no_text")
    if len(markdown) > MOST_MARKDOWN:
        raise Refused("msg_too_long")
    kept: Json = {"text": (text or markdown)[:MOST_TEXT]}
    if blocks:
        kept["blocks"] = checked_blocks(call.company, blocks)
    if given.get("attachments"):
        kept["attachments"] = given["attachments"]
    return kept | _metadata(given.get("metadata"))


def _metadata(given: Any) -> Json:
    if given in (None, {}):
        return {}
    if not isinstance(given, dict) or not isinstance(given.get("event_type"), str):
        raise Refused("invalid_metadata_format")
    if not isinstance(given.get("event_payload"), dict):
        raise Refused("invalid_metadata_format")
    if len(str(given)) > MOST_METADATA:
        raise Refused("metadata_too_large")
    return {"metadata": {"event_type": given["event_type"], "event_payload": given["event_payload"]}}


def _from_bot(company: Workspace, content: Json) -> Json:
    bot = company.bot
    return {
        "type": "message",
        "user": bot.id,
        "bot_id": bot.bot_id,
        "app_id": company.app_id,
        "team": company.team,
        "bot_profile": bot_profile(bot, company.team, company.app_id),
        "ts": company.now_ts(),
        **content,
    }


def _thread(call: Call, room: Room) -> Json:
    thread = call.get("thread_ts")
    if not thread:
        return {}
    if thread not in room.posts:
        raise Refused("thread_not_found")
    return {"thread_ts": room.posts[thread].get("thread_ts") or thread}


def _without_metadata(message: Json) -> Json:
    return {key: value for key, value in message.items() if key not in {"parent_user_id", "root"}}


# --- messages -------------------------------------------------------------------------------------


def post_message(call: Call) -> Json:
    room, company = call.place(), call.company
    thread, message = _thread(call, room), _from_bot(company, _content(call))
    message |= thread
    if thread and call.flag("reply_broadcast"):
        root = company.shown(room, room.posts[thread["thread_ts"]], metadata=False)
        message |= {"subtype": "thread_broadcast", "root": root}
    posted = company.put(room.channel.id, message)
    _end_status(company, room.channel.id, thread.get("thread_ts", ""))
    return {"channel": room.channel.id, "ts": posted["ts"], "message": _without_metadata(posted)}


def post_ephemeral(call: Call) -> Json:
    """Seen by one person, kept nowhere, and not to be found again."""
    room, company, who = call.place(), call.company, call.user()
    if who.id not in room.members:
        raise Refused("user_not_in_channel")
    content = _content(call)
    content.pop("metadata", None)
    message = _from_bot(company, content) | _thread(call, room) | {"channel": room.channel.id, "is_ephemeral": True}
    company.whispers.setdefault(who.id, []).append(message)
    company.changed("ephemeral", channel=room.channel.id, user=who.id, ts=message["ts"])
    return {"message_ts": message["ts"]}


def update(call: Call) -> Json:
    """What is not named stays: blocks without `blocks`, metadata without `metadata`; an empty one takes it away."""
    room, company, given = call.place(), call.company, call.arguments
    message = call.message(room)
    if message.get("bot_id") != company.bot.bot_id:
        raise Refused("cant_update_message")
    if company.is_streaming(room.channel.id, message["ts"]):
        raise Refused("streaming_state_conflict")
    text, blocks = call.get("text") or call.get("markdown_text"), given.get("blocks")
    if not text and blocks is None and given.get("metadata") is None:
        raise Refused("no_text")
    if len(text) > MOST_UPDATE and not blocks:
        raise Refused("msg_too_long")
    fields: Json = {"edited": {"user": company.bot.bot_id, "ts": company.now_ts()}}
    if text:
        fields["text"] = text[:MOST_TEXT]
    if blocks is not None:
        fields["blocks"] = checked_blocks(company, blocks) if blocks else []
    if given.get("metadata") is not None:
        fields |= _metadata(given["metadata"]) or {"metadata": {}}
    changed = company.change(room.channel.id, message["ts"], **fields)
    shown = {key: value for key, value in _without_metadata(changed).items() if key not in {"ts", "thread_ts"}}
    return {"channel": room.channel.id, "ts": changed["ts"], "text": changed["text"], "message": shown}


def delete(call: Call) -> Json:
    room = call.room()
    message = call.message(room)
    if message.get("bot_id") != call.company.bot.bot_id:
        raise Refused("cant_delete_message")
    call.company.remove(room.channel.id, message["ts"])
    return {"channel": room.channel.id, "ts": message["ts"]}


def permalink(call: Call) -> Json:
    room = call.room()
    message = call.message(room, "message_ts")
    ts, thread = message["ts"], message.get("thread_ts")
    query = f"?thread_ts={thread}&cid={room.channel.id}" if thread and thread != ts else ""
    link = f"https://{call.company.domain}.slack.com/archives/{room.channel.id}/p{ts.replace('.', '')}{query}"
    return {"channel": room.channel.id, "permalink": link}


# --- streams --------------------------------------------------------------------------------------


def start_stream(call: Call) -> Json:
    """An answer that grows in a thread. In a channel Slack has to know for whom."""
    room, company = call.place(), call.company
    call.text("thread_ts")
    if room.channel.kind != "dm":
        for name in ("recipient_team_id", "recipient_user_id"):
            if not call.get(name):
                raise Refused(f"missing_{name}")
    _refuse_late_parts(call)
    thread = _thread(call, room)
    message = company.put(room.channel.id, _from_bot(company, {"text": _streamed(call)}) | thread)
    ts = message["ts"]
    company.streams[room.channel.id, ts] = Stream(room.channel.id, ts, company.clock())
    _end_status(company, room.channel.id, thread["thread_ts"])
    return {"channel": room.channel.id, "ts": ts}


def append_stream(call: Call) -> Json:
    _refuse_late_parts(call)
    room, message = _open_stream(call)
    if not _streamed(call) and not call.arguments.get("chunks"):
        raise Refused("no_text")
    call.company.amend(room.channel.id, message["ts"], text=message["text"] + _streamed(call))
    call.company.changed("stream", channel=room.channel.id, ts=message["ts"])
    return {"channel": room.channel.id, "ts": message["ts"]}


def stop_stream(call: Call) -> Json:
    """Blocks and metadata come now or never."""
    room, message = _open_stream(call)
    company, given = call.company, call.arguments
    fields: Json = {"text": message["text"] + _streamed(call)}
    if given.get("blocks"):
        fields["blocks"] = checked_blocks(company, given["blocks"])
    fields |= _metadata(given.get("metadata"))
    del company.streams[room.channel.id, message["ts"]]
    final = company.change(room.channel.id, message["ts"], **fields)
    return {"channel": room.channel.id, "ts": message["ts"], "message": _without_metadata(final)}


def _refuse_late_parts(call: Call) -> None:
    if call.arguments.get("blocks") or call.arguments.get("metadata"):
        raise Refused("invalid_arguments", response_metadata={"messages": ["[ERROR] only chat.stopStream takes it"]})


def _streamed(call: Call) -> str:
    """The text of one piece, told as markdown or in chunks."""
    text, chunks = call.get("markdown_text"), call.arguments.get("chunks") or []
    if len(text) > MOST_MARKDOWN:
        raise Refused("msg_too_long")
    if not isinstance(chunks, Sequence) or not all(isinstance(one, dict) and one.get("type") for one in chunks):
        raise Refused("invalid_chunks")
    return text + "".join(str(one.get("text", "")) for one in chunks if one["type"] == "markdown_text")


def _open_stream(call: Call) -> tuple[Room, Json]:
    room = call.room()
    message = call.message(room)
    if not call.company.is_streaming(room.channel.id, message["ts"]):
        raise Refused("message_not_in_streaming_state")
    return room, message


# --- what stands beside a thread ------------------------------------------------------------------


def set_status(call: Call) -> Json:
    """An empty status takes it away; so does the bot's next message in the thread."""
    room, thread = call.room("channel_id"), call.text("thread_ts")
    status = call.arguments.get("status")
    if status is None:
        call.text("status")
    if status:
        said = {"status": status, "loading_messages": call.arguments.get("loading_messages") or []}
        call.company.statuses[room.channel.id, thread] = said
        call.company.changed("status", channel=room.channel.id, ts=thread)
    else:
        _end_status(call.company, room.channel.id, thread)
    return {}


def _end_status(company: Workspace, channel: str, thread: str) -> None:
    if company.statuses.pop((channel, thread), None):
        company.changed("status", channel=channel, ts=thread)


def set_title(call: Call) -> Json:
    room = call.room("channel_id")
    call.company.titles[room.channel.id, call.text("thread_ts")] = call.text("title")
    return {}


def set_prompts(call: Call) -> Json:
    """At most four."""
    room, prompts = call.room("channel_id"), call.arguments.get("prompts")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= 4:
        raise Refused("invalid_arguments")
    if not all(isinstance(one, dict) and one.get("title") and one.get("message") for one in prompts):
        raise Refused("invalid_arguments")
    said = {"title": call.get("title"), "prompts": prompts}
    call.company.prompts[room.channel.id, call.get("thread_ts")] = said
    call.company.changed("status", channel=room.channel.id, ts=call.get("thread_ts"))
    return {}


def add_reaction(call: Call) -> Json:
    return _react(call, there=True)


def remove_reaction(call: Call) -> Json:
    return _react(call, there=False)


def _react(call: Call, there: bool) -> Json:
    room = call.place()
    message = call.message(room, "timestamp")
    try:
        call.company.mark(room.channel.id, message["ts"], call.company.bot.id, call.text("name"), there)
    except NotShown:
        raise Refused("already_reacted" if there else "no_reaction") from None
    return {}


POSTING = {
    "chat.postMessage": Method(post_message, ("chat:write",)),
    "chat.postEphemeral": Method(post_ephemeral, ("chat:write",)),
    "chat.update": Method(update, ("chat:write",)),
    "chat.delete": Method(delete, ("chat:write",)),
    "chat.getPermalink": Method(permalink),
    "chat.startStream": Method(start_stream, ("chat:write",)),
    "chat.appendStream": Method(append_stream, ("chat:write",)),
    "chat.stopStream": Method(stop_stream, ("chat:write",)),
    "assistant.threads.setStatus": Method(set_status, ("assistant:write",)),
    "assistant.threads.setTitle": Method(set_title, ("assistant:write",)),
    "assistant.threads.setSuggestedPrompts": Method(set_prompts, ("assistant:write",)),
    "reactions.add": Method(add_reaction, ("reactions:write",)),
    "reactions.remove": Method(remove_reaction, ("reactions:write",)),
}
