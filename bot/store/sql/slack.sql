-- put_event --
-- What Slack says again is known by its key and changes nothing. Without a payload there is nothing left to do for it.
insert into nightdesk.slack_event (key, kind, channel, ts, payload, handled_at)
values (%(key)s, %(kind)s, %(channel)s, %(ts)s, %(payload)s, case when %(payload)s::bytea is null then now() end)
on conflict (key) do nothing
returning id

-- waiting_events --
-- What nobody handled yet in a channel, as it came; presses are taken one by one by whoever handles them.
select id, key, kind, ts, payload, attempts from nightdesk.slack_event
where channel = %(channel)s and handled_at is null and key not like 'press/%%' order by id limit %(most)s

-- event_waits --
-- A row where something in a channel waits to be handled, presses aside.
select from nightdesk.slack_event
where channel = %(channel)s and handled_at is null and key not like 'press/%%' limit 1

-- try_events --
-- Counted before anything is done with them, so that an event that kills its worker is known by its attempts; not for whoever
-- joins a process that is at work on them.
update nightdesk.slack_event set attempts = attempts + 1, begun_at = now(), begun_by = %(me)s
where id = any(%(ids)s) and handled_at is null
  and (begun_by in ('', %(me)s) or begun_at < now() - %(at_work)s::interval)

-- let_events_go --
-- Ended without a result that would count against them.
update nightdesk.slack_event set attempts = attempts - 1, begun_at = null, begun_by = ''
where id = any(%(ids)s) and handled_at is null and begun_by = %(me)s

-- hold_events --
-- Those that are still to be handled, held until this transaction ends: of two workers the later one finds none.
select id from nightdesk.slack_event where id = any(%(ids)s) and handled_at is null order by id for update

-- event --
-- One event with its sealed payload; null when it was handled.
select id, key, kind, channel, ts, payload, attempts from nightdesk.slack_event where id = %(id)s

-- settle_event --
-- Handled or put aside: the payload goes, the key stays.
update nightdesk.slack_event set handled_at = coalesce(handled_at, now()), payload = null, problem = %(problem)s
where id = %(id)s

-- unhandled_events --
-- All that nobody handled yet, held until the transaction ends.
select id, key, payload from nightdesk.slack_event where payload is not null order by id for update

-- departures --
-- Who left a channel and whose leaving nobody has handled yet.
select key, payload from nightdesk.slack_event
where channel = %(channel)s and handled_at is null and kind = 'member_left_channel' and not id = any(%(but)s) order by id

-- last_event --
-- When Slack last told us something.
select max(received_at) as at from nightdesk.slack_event

-- was_told --
-- Whether an event about this message ever came.
select exists (select from nightdesk.slack_event where channel = %(channel)s and ts = %(ts)s) as told

-- purge_events --
-- Keys of events so old that Slack says none of them again.
delete from nightdesk.slack_event where handled_at is not null and received_at < %(before)s

-- channels_waiting --
-- Where events wait that no job may know of any more: '' for those of no channel.
select distinct channel from nightdesk.slack_event where handled_at is null and key not like 'press/%%' order by channel

-- answered --
-- Whether we answered this message, or anything in its thread.
select nightdesk.answered(%(channel)s, %(ts)s, %(thread)s) as answered

-- leave_channel --
-- Reads nothing of it from this moment.
delete from nightdesk.member using nightdesk.scope, nightdesk.person
where scope.key = 'channel:' || %(channel)s and member.scope_id = scope.id
  and person.slack_id = any(%(users)s) and member.person_id = person.id

-- close_place --
-- Until Slack was asked who is there: nobody reads through a place that somebody joined who is not known as a member.
update nightdesk.scope set has_guests = null
where key = 'channel:' || %(channel)s and has_guests is not true
  and not exists (select from nightdesk.person where slack_id = %(user)s and role in ('member', 'bot') and active)

-- open_to_others --
-- Shared with another organisation: nothing of elsewhere is said there.
update nightdesk.scope set shared = true where key = 'channel:' || %(channel)s

-- forget_members --
-- A channel that we no longer see into: who is in it is unknown, so nobody reads it as its member.
with closed as (
  update nightdesk.scope set has_guests = null where key = 'channel:' || %(channel)s returning id)
delete from nightdesk.member using closed where member.scope_id = closed.id

-- hide_channel --
-- Public no longer, or gone: it is nobody's until Slack shows it again.
update nightdesk.scope set channel_kind = 'private', has_guests = null
where key = 'channel:' || %(channel)s and channel_kind = 'public'

-- hold_channel --
-- One writer of a channel's facts at a time.
select id from nightdesk.scope where key = 'channel:' || %(channel)s for update

-- restrict_person --
-- Slack took rights from somebody: at once, whatever else is still to be read.
with less as (
  update nightdesk.person set role = %(role)s, active = %(active)s where slack_id = %(user)s returning id)
update nightdesk.scope set has_guests = true from less join nightdesk.member m on m.person_id = less.id
where scope.id = m.scope_id and %(role)s in ('guest', 'outside') and scope.has_guests is not true

-- set_guests --
-- From who is in a channel: a guest among them, all known and none, or unknown.
update nightdesk.scope set has_guests = case
  when exists (select from nightdesk.person where slack_id = any(%(members)s) and role in ('guest', 'outside')) then true
  when exists (select from unnest(%(members)s::text[]) one where not exists (
    select from nightdesk.person where slack_id = one)) then null
  else false end
where id = %(scope)s

-- doubtful_channels --
-- Channels of somebody that count as having guests although nobody known in them is one any more.
select substr(scope.key, 9) as channel from nightdesk.scope join nightdesk.member m on m.scope_id = scope.id
join nightdesk.person on person.id = m.person_id
where person.slack_id = %(user)s and scope.kind = 'channel' and scope.has_guests
  and not exists (select from nightdesk.member n join nightdesk.person p on p.id = n.person_id
    where n.scope_id = scope.id and p.role in ('guest', 'outside'))
order by 1

-- unknown_people --
-- Which of these ids of people nobody has told us about.
select one as user from unnest(%(users)s::text[]) one
where not exists (select from nightdesk.person where slack_id = one) order by 1

-- slack_names --
-- How people and channels are called to whom messages belong or whom they mention.
select slack_id as id, coalesce(nullif(shown, ''), name) as shown, email, role, false as private from nightdesk.person
where slack_id = any(%(ids)s)
union all
select substr(key, 9), name, '', '', channel_kind = 'private' from nightdesk.scope
where kind = 'channel' and channel_kind in ('public', 'private') and substr(key, 9) = any(%(ids)s)

-- claim_workspace --
-- As our token shows it: of this workspace, and Slack takes it.
update nightdesk.workspace set name = %(name)s, domain = %(domain)s, bot_user = %(bot_user)s, bot_id = %(bot_id)s, problem = ''
where team = %(team)s

-- set_problem --
-- Why nothing is asked of Slack and nothing said there.
update nightdesk.workspace set problem = %(problem)s

-- standing_messages --
-- What stands of these messages, for whoever heard of them again.
select m.id, m.key, m.edited_at, m.deleted_at is not null as deleted, m.facts ->> 'subtype' as subtype
from nightdesk.message m where m.scope_id = %(scope)s and m.medium = 'slack' and m.key = any(%(keys)s)

-- slack_message --
-- One message as its row has it, for changing what Slack changed.
select m.id, s.key as scope, m.key, m.medium, m.thread, m.sent_at, m.edited_at, m.text, m.mentions, m.facts, m.lang,
  m.revision, m.author_key, m.author_name, m.author_address, m.author_kind
from nightdesk.message m join nightdesk.scope s on s.id = m.scope_id
where m.scope_id = %(scope)s and m.medium = 'slack' and m.key = %(key)s and m.deleted_at is null

-- put_tombstone --
-- Deleted before we ever heard it: whoever brings it later finds it gone.
insert into nightdesk.message (scope_id, key, medium, thread, author_key, author_name, author_kind, sent_at, text, facts, hash,
  deleted_at)
values (%(scope)s, %(key)s::text, 'slack', %(key)s::text, '', '', 'member', to_timestamp(%(key)s::text::float8), '', '{}', '', now())
on conflict (scope_id, key) do nothing

-- lock_scope --
-- One writer of a channel's messages at a time.
select pg_advisory_xact_lock(hashtext('nightdesk.heard'), %(scope)s)

-- cursor --
-- How far a channel was read, and where the pass under way stands.
select channel, here, newest, top, reached, floor, threads, read_at, compared_at, slow from nightdesk.slack_cursor
where channel = %(channel)s

-- put_cursor --
-- In the transaction that stored what was read: it never claims more than there is.
insert into nightdesk.slack_cursor (channel, newest, top, reached, floor, threads, read_at, compared_at, slow)
values (%(channel)s, %(newest)s, %(top)s, %(reached)s, %(floor)s, %(threads)s, %(read_at)s, %(compared_at)s, %(slow)s)
on conflict (channel) do update set newest = excluded.newest, top = excluded.top, reached = excluded.reached,
  floor = excluded.floor, threads = excluded.threads, read_at = excluded.read_at, compared_at = excluded.compared_at,
  slow = excluded.slow

-- put_here --
-- Whether the bot is in a channel.
insert into nightdesk.slack_cursor (channel, here) values (%(channel)s, %(here)s)
on conflict (channel) do update set here = excluded.here

-- channels_here --
-- The channels the bot is in, those that were read longest ago first.
select channel from nightdesk.slack_cursor where here order by read_at nulls first, channel

-- scope_of_channel --
-- By its id alone: names may be taken over.
select id from nightdesk.scope where key = 'channel:' || %(channel)s

-- top_level --
-- What a channel's history should show above a moment: all but replies.
select key from nightdesk.message
where scope_id = %(scope)s and medium = 'slack' and deleted_at is null
  and sent_at >= to_timestamp(%(above)s::text::float8) - interval '1 second'
  and (facts ->> 'parent_ts' is null or facts ->> 'subtype' = 'thread_broadcast')

-- replies_of --
-- What a thread should show below its root.
select key from nightdesk.message
where scope_id = %(scope)s and thread = %(thread)s and key <> %(thread)s and medium = 'slack' and deleted_at is null

-- thread_states --
-- How many replies of each thread are known, stored or our own, and which is the newest.
select thread, count(*)::int as count, max(ts collate "C") as newest from (
  select thread, key as ts from nightdesk.message
  where scope_id = %(scope)s and thread = any(%(threads)s) and key <> thread and deleted_at is null
  union
  select thread_ts, ts from nightdesk.posted_in(%(channel)s) where thread_ts = any(%(threads)s)) known
group by thread

-- live_threads --
-- Threads in which somebody replied after a moment: those never compared whole first, then those compared longest ago.
select m.thread
from nightdesk.message m left join nightdesk.thread_read r on r.scope_id = m.scope_id and r.thread = m.thread
where m.scope_id = %(scope)s and m.medium = 'slack' and m.deleted_at is null and m.key <> m.thread and m.sent_at > %(since)s
group by m.thread, r.at order by r.at nulls first, max(m.sent_at) desc, m.thread limit %(most)s

-- put_thread_read --
-- A thread was compared from its root to its end.
insert into nightdesk.thread_read (scope_id, thread, at) values (%(scope)s, %(thread)s, %(at)s)
on conflict (scope_id, thread) do update set at = excluded.at

-- forget_thread_reads --
-- What is older than any look back.
delete from nightdesk.thread_read where scope_id = %(scope)s and at < %(before)s

-- liveliest --
-- Channels we are in in which something was said last.
select channel from nightdesk.slack_cursor where here order by newest desc, channel limit %(most)s
