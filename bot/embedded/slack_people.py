"""What people do in the sandbox's workspace: talk, edit, react, come and go. Every function is one person's one act."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.embedded.slack_shapes import channel_type, rich_text, user_json, with_block_ids
from bot.embedded.slack_values import Channel, File, Json, Kind, NotShown, User
from bot.embedded.slack_workspace import Room, Workspace


class People:
    """Acts on `company`, from any thread. Users and channels are named by id or name."""

    company: Workspace

    # --- talking ------------------------------------------------------------------------------------

    def say(
        self,
        user: str,
        channel: str,
        text: str,
        thread_ts: str | None = None,
        files: Sequence[File] = (),
        blocks: Sequence[Json] | None = None,
        broadcast: bool = False,
    ) -> str:
        """The ts of the message. Raises `NotShown` for somebody who is not in the channel."""
        with self.company.lock:
            speaker, room = self._member(user, channel)
            ts, ids = self.company.now_ts(), self.company.new_id("")
            written = with_block_ids(blocks, ids) if blocks else [rich_text(text, ids[:5].lower())] if text else []
            message: Json = {
                "type": "message",
                "user": speaker.id,
                "text": text,
                "ts": ts,
                "client_msg_id": self.company.new_uuid("message"),
                "team": speaker.team or self.company.team,
                **({"blocks": written} if written else {}),
                **({"thread_ts": thread_ts} if thread_ts else {}),
            }
            if files:
                uploaded = [self._upload(speaker, room, file, ts) for file in files]
                message |= {"subtype": "file_share", "files": uploaded, "upload": False, "display_as_bot": False}
                del message["team"]
                del message["client_msg_id"]
            if broadcast and thread_ts:
                root = self.company.shown(room, self.company.message(room.channel.id, thread_ts), metadata=False)
                message |= {"subtype": "thread_broadcast", "root": root}
                del message["team"]
            self.company.put(room.channel.id, message)
            return ts

    def say_as_app(self, name: str, channel: str, text: str, thread_ts: str | None = None) -> str:
        """What another integration posts: `bot_message`, with no user."""
        with self.company.lock:
            ts = self.company.now_ts()
            message = {
                "type": "message",
                "subtype": "bot_message",
                "bot_id": "B" + name.upper()[:9],
                "username": name,
                "text": text,
                "ts": ts,
                **({"thread_ts": thread_ts} if thread_ts else {}),
            }
            self.company.put(self.company.room(channel).channel.id, message)
            return ts

    def _member(self, user: str, channel: str) -> tuple[User, Room]:
        who, room = self.company.user(user), self.company.room(channel)
        if who.id not in room.members:
            raise NotShown(f"{who.name} is not in {room.channel.name or room.channel.id}")
        if room.channel.is_archived:
            raise NotShown(f"{room.channel.name} is archived")
        return who, room

    def _upload(self, user: User, room: Room, file: File, ts: str) -> Json:
        key = self.company.new_id("F")
        url = f"{self.company.base_url}files/{key}/{file.name}"
        uploaded = {
            "id": key,
            "created": int(float(ts)),
            "timestamp": int(float(ts)),
            "name": file.name,
            "title": file.title or file.name,
            "mimetype": file.mimetype,
            "filetype": file.name.rpartition(".")[2],
            "pretty_type": file.name.rpartition(".")[2].upper(),
            "user": user.id,
            "user_team": self.company.team,
            "editable": False,
            "size": len(file.data),
            "mode": "hosted",
            "is_external": False,
            "external_type": "",
            "is_public": room.channel.kind == "public",
            "public_url_shared": False,
            "display_as_bot": False,
            "username": "",
            "url_private": url,
            "url_private_download": url,
            "permalink": f"https://{self.company.domain}.slack.com/files/{user.id}/{key}/{file.name}",
            "has_rich_preview": False,
            "file_access": "visible",
        }
        self.company.files[key] = (uploaded, file.data)
        event = {"file_id": key, "user_id": user.id, "file": {"id": key}}
        shared = {"type": "file_shared", "channel_id": room.channel.id, "event_ts": ts}
        self.company.tell({"type": "file_created", "file_id": key, "user_id": user.id, "event_ts": ts}, room)
        self.company.tell(event | shared, room)
        return uploaded

    def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        with self.company.lock:
            message = self._own(user, channel, ts)
            blocks = [rich_text(text, self.company.new_id("")[:5].lower())]
            edited = {"user": message["user"], "ts": self.company.now_ts()}
            self.company.change(channel, ts, text=text, blocks=blocks, edited=edited)

    def delete(self, user: str, channel: str, ts: str) -> None:
        with self.company.lock:
            self._own(user, channel, ts)
            self.company.remove(channel, ts)

    def _own(self, user: str, channel: str, ts: str) -> Json:
        message = self.company.message(channel, ts)
        if message.get("user") != self.company.user(user).id:
            raise NotShown(f"{ts} was not written by {user}")
        return message

    def react(self, user: str, channel: str, ts: str, name: str) -> None:
        with self.company.lock:
            who, _room = self._member(user, channel)
            self.company.mark(channel, ts, who.id, name, there=True)

    def unreact(self, user: str, channel: str, ts: str, name: str) -> None:
        with self.company.lock:
            who, _room = self._member(user, channel)
            self.company.mark(channel, ts, who.id, name, there=False)

    # --- coming and going ---------------------------------------------------------------------------

    def join(self, user: str, channel: str, inviter: str = "") -> None:
        """Nothing happens to somebody who is there already."""
        with self.company.lock:
            who, room = self.company.user(user), self.company.room(channel)
            if who.id in room.members:
                return
            by = {"inviter": self.company.user(inviter).id} if inviter else {}
            room.channel = replace(room.channel, members=(*room.members, who.id))
            self._notice(room, "channel_join", who.id, f"<@{who.id}> has joined the channel", **by)
            self._tell_moved(room, "member_joined_channel", who.id, by)

    def leave(self, user: str, channel: str) -> None:
        with self.company.lock:
            who, room = self._member(user, channel)
            self._notice(room, "channel_leave", who.id, f"<@{who.id}> has left the channel")
            if who.id != self.company.bot.id:
                self._tell_moved(room, "member_left_channel", who.id, {})
            else:
                kind = "channel_left" if room.channel.kind == "public" else "group_left"
                now = self.company.now_ts()
                self.company.tell({"type": kind, "channel": room.channel.id, "actor_id": who.id, "event_ts": now}, room)
            room.channel = replace(room.channel, members=tuple(one for one in room.members if one != who.id))
            self.company.changed("channel", channel=room.channel.id)

    def _tell_moved(self, room: Room, kind: str, user: str, by: Json) -> None:
        sort = "C" if room.channel.kind == "public" else "G"
        event = {
            "type": kind,
            "user": user,
            "channel": room.channel.id,
            "channel_type": sort,
            "team": self.company.team,
        }
        self.company.tell(event | by | {"event_ts": self.company.now_ts()}, room)
        self.company.changed("channel", channel=room.channel.id)

    def invite_bot(self, channel: str, by: str = "") -> None:
        self.join(self.company.bot.id, channel, inviter=by)

    def remove_bot(self, channel: str) -> None:
        self.leave(self.company.bot.id, channel)

    def _notice(self, room: Room, subtype: str, user: str, text: str, **fields: Any) -> None:
        """What Slack itself writes into a channel when somebody does something to it."""
        message = {"type": "message", "subtype": subtype, "ts": self.company.now_ts(), "user": user, "text": text}
        self.company.put(room.channel.id, message | fields)

    # --- channels -----------------------------------------------------------------------------------

    def create_channel(self, name: str, members: Sequence[str], kind: Kind = "public", by: str = "") -> str:
        """The id of the new channel."""
        with self.company.lock:
            ids = tuple(self.company.user(one).id for one in members)
            creator = self.company.user(by).id if by else ids[0] if ids else ""
            key, now = self.company.new_id("C"), int(self.company.clock())
            channel = Channel(id=key, name=name, kind=kind, members=ids, creator=creator, created=now)
            self.company.rooms[key] = Room(channel)
            if kind == "public":
                shown = {"id": key, "is_channel": True, "name": name, "name_normalized": name, "created": now}
                event = {"type": "channel_created", "channel": shown | {"creator": creator}}
                self.company.tell(event | {"event_ts": self.company.now_ts()})
            self.company.changed("channel", channel=key)
            return key

    def rename(self, channel: str, name: str, by: str = "") -> None:
        with self.company.lock:
            room = self.company.room(channel)
            old, user = room.channel.name, self._actor(room, by)
            room.channel = replace(room.channel, name=name, previous_names=(old, *room.channel.previous_names))
            text = f'has renamed the channel from "{old}" to "{name}"'
            self._notice(room, f"{self._sort(room)}_name", user, text, name=name, old_name=old)
            public = room.channel.kind == "public"
            shown = {
                "id": room.channel.id,
                "is_channel": public,
                "is_mpim": False,
                "name": name,
                "name_normalized": name,
            }
            self._tell_channel(room, "rename", channel=shown | {"created": room.channel.created})

    def set_topic(self, channel: str, topic: str, by: str = "") -> None:
        with self.company.lock:
            room = self.company.room(channel)
            user = self._actor(room, by)
            room.channel = replace(room.channel, topic=topic)
            self._notice(room, f"{self._sort(room)}_topic", user, f"set the channel topic: {topic}", topic=topic)

    def archive(self, channel: str, by: str = "") -> None:
        with self.company.lock:
            room = self.company.room(channel)
            user = self._actor(room, by)
            self._notice(room, f"{self._sort(room)}_archive", user, f"<@{user}> archived the channel")
            room.channel = replace(room.channel, is_archived=True)
            self._tell_channel(room, "archive", channel=room.channel.id, user=user, is_moved=0)

    def unarchive(self, channel: str, by: str = "") -> None:
        with self.company.lock:
            room = self.company.room(channel)
            user = self._actor(room, by)
            room.channel = replace(room.channel, is_archived=False)
            self._notice(room, f"{self._sort(room)}_unarchive", user, f"<@{user}> un-archived the channel")
            self._tell_channel(room, "unarchive", channel=room.channel.id, user=user)

    def delete_channel(self, channel: str, by: str = "") -> None:
        with self.company.lock:
            room = self.company.room(channel)
            self._tell_channel(room, "deleted", channel=room.channel.id, actor_id=self._actor(room, by))
            del self.company.rooms[room.channel.id]

    def share(self, channel: str, team: str = "T0PARTNER") -> None:
        """Opens a channel to another organisation."""
        with self.company.lock:
            room = self.company.room(channel)
            room.channel = replace(room.channel, shared_with=(*room.channel.shared_with, team))
            self._tell_sharing(room, type="channel_shared", connected_team_id=team)

    def unshare(self, channel: str, team: str = "T0PARTNER") -> None:
        with self.company.lock:
            room = self.company.room(channel)
            left = tuple(one for one in room.channel.shared_with if one != team)
            room.channel = replace(room.channel, shared_with=left)
            self._tell_sharing(
                room, type="channel_unshared", previously_connected_team_id=team, is_ext_shared=bool(left)
            )

    def _tell_sharing(self, room: Room, **event: Any) -> None:
        told = event | {"channel": room.channel.id, "event_ts": self.company.now_ts()}
        self.company.tell(told, None if room.channel.kind == "public" else room)
        self.company.changed("channel", channel=room.channel.id)

    def _tell_channel(self, room: Room, what: str, **event: Any) -> None:
        """Of a public channel the bot hears wherever it is; of another only as its member."""
        told = {"type": f"{self._sort(room)}_{what}", **event, "event_ts": self.company.now_ts()}
        self.company.tell(told, None if room.channel.kind == "public" else room)
        self.company.changed("channel", channel=room.channel.id)

    def _sort(self, room: Room) -> str:
        return "channel" if channel_type(room.channel) == "channel" else "group"

    def _actor(self, room: Room, by: str) -> str:
        return self.company.user(by).id if by else room.channel.creator or next(iter(room.members), "")

    # --- people -------------------------------------------------------------------------------------

    def add_user(self, user: User) -> None:
        with self.company.lock:
            self.company.users[user.id] = user
            self._tell_user(user, "team_join")

    def change_user(self, user: str, **fields: Any) -> None:
        """Sets fields of `User`."""
        with self.company.lock:
            changed = replace(self.company.user(user), **fields)
            self.company.users[changed.id] = changed
            self._tell_user(changed, "user_change")

    def deactivate(self, user: str) -> None:
        """A closed account leaves every channel; its DMs stay as they are."""
        with self.company.lock:
            who = self.company.user(user)
            for room in self.company.rooms.values():
                if room.channel.kind in {"public", "private"}:
                    room.channel = replace(room.channel, members=tuple(one for one in room.members if one != who.id))
            self.change_user(who.id, deleted=True)

    def _tell_user(self, user: User, kind: str) -> None:
        now = self.company.now_ts()
        event: Json = {"type": kind, "user": user_json(user, self.company.team, self.company.clock())}
        if kind == "user_change":
            event["cache_ts"] = int(float(now))
        self.company.tell(event | {"event_ts": now})
        self.company.changed("user", user=user.id)

    def open_home(self, user: str, tab: str = "home") -> None:
        with self.company.lock:
            who = self.company.user(user)
            event: Json = {"type": "app_home_opened", "user": who.id, "channel": self.company.dm(who.id).channel.id}
            view = self.company.homes.get(who.id)
            shown = {"view": view} if view and tab == "home" else {}
            self.company.tell(event | {"tab": tab, "event_ts": self.company.now_ts()} | shown)
