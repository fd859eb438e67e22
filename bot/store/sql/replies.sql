-- reply --
-- An answer as its row knows it. `revision` is that of the question it answers, `partial` while more of it is to come;
-- `fence` grows whenever a worker takes it over.
select scope_id, state, ts, begun_at, content ->> 'text' as text, coalesce((content ->> 'revision')::int, 0) as revision,
  coalesce((content ->> 'fence')::int, 0) as fence, coalesce((content ->> 'partial')::boolean, false) as partial
from nightdesk.outbox where key = %(key)s

-- begin_reply --
-- The one row of an answer, before anything of it stands in Slack. Whoever comes second finds it.
insert into nightdesk.outbox (scope_id, key, channel, thread_ts, content, hash, state)
values (%(scope)s, %(key)s, %(channel)s, %(thread)s, jsonb_build_object('text', '', 'blocks', '[]'::jsonb,
  'revision', %(revision)s::int, 'fence', 1, 'partial', true), '', 'streaming')
on conflict (key) do nothing

-- retake_reply --
-- The next attempt takes the answer over: the one before can write nothing more of it.
update nightdesk.outbox set content = content
  || jsonb_build_object('revision', %(revision)s::int, 'fence', %(fence)s::int + 1, 'partial', true)
where key = %(key)s and coalesce((content ->> 'fence')::int, 0) = %(fence)s and state <> 'withdrawn'

-- reply_begins --
-- From here on a stream of unknown ts may stand in the thread; without a moment: none does.
update nightdesk.outbox set begun_at = %(now)s
where key = %(key)s and (content ->> 'fence')::int = %(fence)s and state = 'streaming'

-- reply_at --
-- Where the answer stands.
update nightdesk.outbox set ts = %(ts)s
where key = %(key)s and (content ->> 'fence')::int = %(fence)s and state = 'streaming'

-- reply_says --
-- What it should say; a worker that lost it changes nothing. What is being delivered stays so.
update nightdesk.outbox set content = content || %(content)s, hash = %(hash)s,
  state = case when %(state)s::text is null or state = 'sending' then state else %(state)s end
where key = %(key)s and (content ->> 'fence')::int = %(fence)s and state <> 'withdrawn'

-- reply_ends --
-- Its stream is over: the outbox makes the message say what the row says.
update nightdesk.outbox set state = 'wanted', begun_at = null
where key = %(key)s and (content ->> 'fence')::int = %(fence)s and state = 'streaming'

-- our_messages --
-- Which of these messages a row of ours accounts for, as far as the audience may know.
select ts from nightdesk.outbox where channel = %(channel)s and ts = any(%(times)s)

-- thread_of --
-- One thread of a channel, oldest first, as far as the audience may read.
select m.id, s.key as scope, m.key, m.medium, m.thread, m.sent_at, m.edited_at, m.text, m.mentions, m.facts, m.lang,
  m.revision, coalesce(p.key, m.author_key) as author_key, m.author_name, m.author_address,
  coalesce(p.role, m.author_kind) as author_kind
from nightdesk.message m join nightdesk.scope s on s.id = m.scope_id
left join nightdesk.person p on p.slack_id = m.author_key
where m.scope_id = %(scope)s and m.medium = 'slack' and m.deleted_at is null and m.thread = %(thread)s
order by m.sent_at, m.id

-- thread_around --
-- The thread of a channel that holds one message, oldest first, as far as the audience may read.
select m.id, s.key as scope, m.key, m.medium, m.thread, m.sent_at, m.edited_at, m.text, m.mentions, m.facts, m.lang,
  m.revision, coalesce(p.key, m.author_key) as author_key, m.author_name, m.author_address,
  coalesce(p.role, m.author_kind) as author_kind
from nightdesk.message m join nightdesk.scope s on s.id = m.scope_id
left join nightdesk.person p on p.slack_id = m.author_key
where m.scope_id = %(scope)s and m.medium = 'slack' and m.deleted_at is null and m.thread = (
  select thread from nightdesk.message
  where scope_id = %(scope)s and medium = 'slack' and deleted_at is null and key = %(ts)s)
order by m.sent_at, m.id

-- put_feedback --
-- What somebody thinks of an answer now; their last word counts.
insert into nightdesk.feedback (scope_id, key, person_id, value, at)
values (%(scope)s, %(key)s, %(person)s, %(value)s, %(now)s)
on conflict (key, person_id) do update set value = excluded.value, at = excluded.at

-- ours_in_thread --
-- What we said in a thread, as far as the audience may read it; nothing that one reader saw alone.
select ts, content ->> 'text' as text from nightdesk.outbox
where channel = %(channel)s and thread_ts = %(thread)s and ts <> '' and reader = '' order by ts
