"""A Slack export read day by day: who may read what, and odd files that lose no more than themselves."""

import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.slack import export_files
from bot.slack.export import Day, Export, open_export
from graphs.domain import Message, SlackSource
from graphs.errors import NeedsPerson
from tests.servers.export_files import channel, make_export, said, user, zip_export

ADA, BOB = user("U1", "Ada"), user("U2", "Bob")
TS = "1795450808.616635"


def ts(n: int) -> str:
    return f"{1795450808 + n}.000100"


def days_of(export: Export, key: str) -> list[Day]:
    [found] = [c for c in export.channels() if c.id == key]
    return list(export.days(found))


def read(tmp_path: Path, *rows: Any) -> Day:
    home = make_export(tmp_path, users=[ADA, BOB], channels=[channel("C1", "launch")], messages={"launch": rows})
    [day] = days_of(open_export(home), "C1")
    return day


def only(tmp_path: Path, row: Any) -> Message:
    [message] = read(tmp_path, row).messages
    return message


def test_a_message_is_read_with_its_author_words_mentions_and_links(tmp_path: Path) -> None:
    message = only(tmp_path, said("U1", TS, "<@U2> see <https://a.example/x|the *plan*> &amp; tell <!here>"))

    assert message.source == SlackSource(channel="C1", ts=TS)
    assert (message.scope, message.thread, message.author.key) == ("channel:C1", TS, "U1")
    assert message.text.text == "@bob see the plan & tell @here"
    assert message.mentions == ("U2",)
    assert message.slack and message.slack.links[0].target == "https://a.example/x" and message.slack.broadcast
    assert message.sent_at.isoformat() == "2026-11-23T16:20:08.616635+00:00"


def test_a_reply_knows_its_parent_and_a_parent_is_none(tmp_path: Path) -> None:
    rows = said("U1", ts(0), "?", thread_ts=ts(0)), said("U2", ts(1), "!", thread_ts=ts(0), subtype="thread_broadcast")
    parent, reply = read(tmp_path, *rows).messages

    assert parent.thread == reply.thread == ts(0)
    assert parent.slack and reply.slack
    assert (parent.slack.parent_ts, reply.slack.parent_ts) == ("", ts(0))


def test_tombstones_and_wrappers_delete_and_change(tmp_path: Path) -> None:
    day = read(
        tmp_path,
        said("U1", ts(0), "old"),
        {
            "type": "message",
            "subtype": "message_changed",
            "ts": ts(5),
            "message": said("U1", ts(0), "new", edited={"ts": ts(4)}),
        },
        said("U1", ts(1), "gone"),
        {"type": "message", "subtype": "message_deleted", "ts": ts(6), "deleted_ts": ts(1)},
        said("USLACKBOT", ts(2), "This message was deleted.", subtype="tombstone"),
    )

    assert [m.text.text for m in day.messages] == ["new"]
    assert day.messages[0].edited_at is not None
    assert day.deleted == (ts(1), ts(2))
    assert day.complete


def test_of_a_doubled_ts_the_last_edit_stays(tmp_path: Path) -> None:
    rows = said("U1", TS, "second", edited={"ts": ts(9)}), said("U1", TS, "first")
    assert only_text(read(tmp_path, *rows)) == ["second"]


def only_text(day: Day) -> list[str]:
    return [m.text.text for m in day.messages]


@pytest.mark.parametrize("bad", [1795450808.616635, None, "", "yesterday", "999999999999.000000", "1795450808"])
def test_a_bad_ts_breaks_one_message_and_no_other(tmp_path: Path, bad: object) -> None:
    day = read(
        tmp_path,
        said("U1", ts(0), "before"),
        {"type": "message", "user": "U1", "text": "x", "ts": bad},
        said("U1", ts(1), "after"),
    )

    assert only_text(day) == ["before", "after"]
    assert [b.key for b in day.broken] == ["launch/2026-11-23.json[1]"]
    assert not day.complete


@pytest.mark.parametrize("junk", [None, "text", 3, []])
def test_what_is_no_message_is_named(tmp_path: Path, junk: object) -> None:
    day = read(tmp_path, said("U1", ts(0), "fine"), junk)
    assert only_text(day) == ["fine"] and len(day.broken) == 1


def test_text_comes_from_wherever_this_kind_of_message_keeps_it(tmp_path: Path) -> None:
    rich = {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [{"type": "user", "user_id": "U2"}, {"type": "text", "text": " 1 < 2"}],
            },
            {
                "type": "rich_text_list",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "a"}]}],
            },
        ],
    }
    bot: dict[str, Any] = {"type": "message", "subtype": "bot_message", "bot_id": "B1", "username": "CI", "text": ""}
    old: dict[str, Any] = {"type": "message", "subtype": "file_comment", "text": "<@U1> commented: x"}
    share = said("U1", ts(4), "<@U1> uploaded a file: <https://f|plan.pdf>", subtype="file_share", bot_id=None)
    rows = (
        said("U1", ts(0), "", blocks=[rich]),
        {
            **bot,
            "ts": ts(1),
            "attachments": [
                {"fallback": "failed", "text": "Build *902* failed", "fields": [{"title": "By", "value": "Jo"}]}
            ],
        },
        {**bot, "ts": ts(2), "attachments": [{"fallback": "only this"}]},
        {
            **old,
            "ts": ts(3),
            "comment": {"user": "U1", "comment": "looks good"},
            "file": {"name": "a.png", "size": 5, "mimetype": "image/png"},
        },
        share,
        said("U1", ts(5), "look", attachments=[{"text": "somebody else's page", "from_url": "https://x"}]),
    )
    day = read(tmp_path, *rows)

    assert only_text(day) == [
        "@bob 1 < 2\n• a", "Build 902 failed\nBy: Jo", "only this", "looks good", "uploaded a file: plan.pdf", "look",
    ]  # fmt: skip
    assert [m.author.kind for m in day.messages] == ["member", "bot", "bot", "member", "member", "member"]
    assert day.messages[0].mentions == ("U2",) and day.messages[4].mentions == ()
    assert day.messages[3].slack and day.messages[3].slack.files[0].name == "a.png"


def test_nul_and_half_surrogates_are_dropped(tmp_path: Path) -> None:
    assert only(tmp_path, said("U1", TS, "a\0b\ud83d")).text.text == "ab"


def test_people_are_members_guests_strangers_bots_or_unknown(tmp_path: Path) -> None:
    people = [
        ADA,
        user("U3", "Gus", is_restricted=True),
        user("U4", "Out", is_stranger=True),
        user("U5", "Robo", is_bot=True),
    ]
    rows = [said(f"U{n}", ts(n), "hi") for n in (1, 3, 4, 5, 9)] + [said("USLACKBOT", ts(10), "psst")]
    export = open_export(make_export(tmp_path, users=people, channels=[channel("C1", "a")], messages={"a": rows}))
    [day] = days_of(export, "C1")

    assert [m.author.kind for m in day.messages] == ["member", "guest", "outside", "bot", "outside", "bot"]
    assert day.messages[4].author.name == "U9"
    assert next(p.email for p in export.people()) == "ada@example.org"


def test_channels_keep_their_readers_and_flags(tmp_path: Path) -> None:
    guest = user("U3", "Gus", is_ultra_restricted=True)
    home = make_export(
        tmp_path,
        users=[ADA, BOB, guest],
        channels=[
            channel("C1", "open", members=["U1", "U3"]),
            channel("C2", "partner", is_ext_shared=True, is_archived=True),
            channel("C3", "hidden", is_private=True),
        ],
        groups=[{"id": "G1", "name": "deals"}],
        dms=[{"id": "D1", "members": ["U1", "U2"]}],
        mpims=[{"id": "G2", "name": "mpdm-ada--bob-1", "members": ["U1", "U2"]}],
        messages={"mpdm-ada--bob-1": [said("U1", TS, "three")], "D1": [said("U1", TS, "two")]},
    )
    export = open_export(home)
    found = {c.id: c for c in export.channels()}

    assert {k: c.kind for k, c in found.items()} == {
        "C1": "public", "C2": "public", "C3": "private", "G1": "private", "D1": "dm", "G2": "mpim",
    }  # fmt: skip
    assert found["C1"].has_guests and not found["C1"].shared
    assert found["C2"].shared and found["C2"].archived and not found["C2"].has_guests
    assert found["G1"].members == () and found["D1"].name == "ada, bob"
    assert only_text(days_of(export, "D1")[0]) == ["two"] and only_text(days_of(export, "G2")[0]) == ["three"]
    assert days_of(export, "C1") == []


def test_a_private_channel_is_named_in_itself_and_nowhere_else(tmp_path: Path) -> None:
    said_everywhere = [said("U1", TS, "see <#G1> and <#C1>")]
    home = make_export(
        tmp_path,
        users=[ADA, BOB],
        channels=[channel("C1", "launch")],
        groups=[{"id": "G1", "name": "merger", "members": ["U1"]}],
        dms=[{"id": "D1", "members": ["U1", "U2"]}],
        messages={"launch": said_everywhere, "merger": said_everywhere, "D1": said_everywhere},
    )
    found = {key: only_text(days_of(open_export(home), key)[0]) for key in ("C1", "G1", "D1")}
    assert found == {
        "C1": ["see a private channel and #launch"],
        "G1": ["see #merger and #launch"],
        "D1": ["see a private channel and #launch"],
    }


def test_a_folder_two_channels_could_claim_goes_to_neither(tmp_path: Path) -> None:
    twins = [channel("C1", "x"), channel("C2", "x"), channel("C3", "y")]
    home = make_export(
        tmp_path,
        users=[ADA],
        channels=twins,
        messages={"x": [said("U1", TS, "whose?")], "C3": [said("U1", TS, "mine")], "z": [said("U1", TS, "?")]},
    )
    export = open_export(home)

    assert days_of(export, "C1") == days_of(export, "C2") == []
    assert only_text(days_of(export, "C3")[0]) == ["mine"]
    assert {b.key for b in export.broken} >= {"x", "z"}


def test_zip_folder_and_packed_folder_read_alike(tmp_path: Path) -> None:
    home = make_export(tmp_path, users=[ADA], channels=[channel("C1", "a")], messages={"a": [said("U1", TS, "same")]})
    zipped = zip_export(home)
    packed = zip_export(home, "Acme Slack export/").rename(tmp_path / "packed.zip")
    zip_export(home)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("__MACOSX/Acme Slack export/._users.json", b"\0")

    for path in (home, zipped, packed):
        export = open_export(path)
        assert (export.team, only_text(days_of(export, "C1")[0])) == ("T1", ["same"])


def test_an_old_export_without_team_gets_the_same_one_each_time(tmp_path: Path) -> None:
    old = {"id": "U1", "name": "ada", "profile": {}}
    first = open_export(make_export(tmp_path / "1", users=[old], channels=[channel("C1", "a")]))
    later = open_export(
        make_export(
            tmp_path / "2", users=[old, {"id": "U0", "name": "new"}], channels=[channel("C1", "a"), channel("C9", "b")]
        )
    )
    other = open_export(make_export(tmp_path / "3", users=[old], channels=[channel("C7", "a")]))

    assert first.team == later.team != other.team


def test_a_damaged_day_comes_empty_and_incomplete_and_the_next_is_read(tmp_path: Path) -> None:
    home = make_export(tmp_path, users=[ADA], channels=[channel("C1", "a")], messages={"a": [said("U1", TS, "ok")]})
    (home / "a" / "2026-11-20.json").write_bytes(b'[{"ts": "17954508')
    (home / "a" / "2026-11-21.json").write_bytes(b"[" * 100_000)
    (home / "a" / "canvas.json").write_text("{}")
    export = open_export(home)
    days = days_of(export, "C1")

    assert [(d.date, d.complete, len(d.messages)) for d in days] == [
        (date(2026, 11, 20), False, 0),
        (date(2026, 11, 21), False, 0),
        (date(2026, 11, 23), True, 1),
    ]
    assert [b.key for b in export.broken] == ["a/canvas.json"]


def test_names_that_lead_out_are_refused_and_bombs_are_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_export(tmp_path, users=[ADA], channels=[channel("C1", "a")], messages={"a": [said("U1", TS, "ok")]})
    path = zip_export(home)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../evil/2026-11-20.json", "[]")
        archive.writestr("a/2026-11-20.json", b" " * (export_files.FILE_CAP + 1))
    export = open_export(path)

    assert [b.key for b in export.broken] == ["../evil/2026-11-20.json"]
    assert [d.complete for d in days_of(export, "C1")] == [False, True]
    monkeypatch.setattr(export_files, "TOTAL_CAP", export_files.FILE_CAP)
    with pytest.raises(NeedsPerson, match="unpacks to more than"):
        open_export(path)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    home = make_export(tmp_path, users=[ADA], channels=[channel("C1", "a")], messages={"a": []})
    (tmp_path / "secret.json").write_text("[]")
    (home / "a" / "2026-11-20.json").symlink_to(tmp_path / "secret.json")
    assert [b.reason for b in open_export(home).broken] == ["it leads out of the folder"]


def test_what_is_no_export_is_named_in_one_sentence(tmp_path: Path) -> None:
    whole = zip_export(
        make_export(tmp_path, users=[ADA], channels=[channel("C1", "a")], messages={"a": [said("U1", TS, "x" * 999)]})
    )
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole.read_bytes()[:-60])
    foreign = tmp_path / "photos.zip"
    with zipfile.ZipFile(foreign, "w") as archive:
        archive.writestr("cat.jpg", b"x")
    other = tmp_path / "other"
    other.mkdir()
    (other / "users.json").write_text('[{"login": "ada"}]')
    (other / "channels.json").write_text("[]")
    text = tmp_path / "notes.txt"
    text.write_text("hello")

    expected = {
        tmp_path / "none.zip": "There is no file or folder",
        cut: "cut.zip is a damaged or incomplete zip file",
        foreign: "photos.zip is not a Slack export: it has no users.json",
        other: "other is not a Slack export: its users.json is no list of Slack's",
        text: "notes.txt is neither a zip file nor a folder",
    }
    for path, sentence in expected.items():
        with pytest.raises(NeedsPerson, match=sentence):
            open_export(path)
