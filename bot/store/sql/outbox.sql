-- want_post --
-- What should stand there. The same words again change nothing; other words are an edit of the same message.
insert into nightdesk.outbox (scope_id, key, channel, thread_ts, reader, content, hash)
values (%(scope)s, %(key)s, %(channel)s, %(thread)s, %(reader)s, %(content)s, %(hash)s)
on conflict (key) do update set content = excluded.content, hash = excluded.hash, redo = false,
  state = case when outbox.state = 'sending' then 'sending'
    when outbox.ts <> '' and outbox.stands = excluded.hash then 'sent' else 'wanted' end
where outbox.hash <> excluded.hash and outbox.state <> 'withdrawn'

-- post --
-- One message of the outbox, whole.
select scope_id, key, channel, thread_ts, reader, content, hash, state, ts, stands, begun_at, attempts, redo
from nightdesk.outbox where key = %(key)s

-- rest_on --
-- What a post rests on, and whether all of it stands and may be read by all who will read the post.
select nightdesk.rest_on(%(scope)s, %(key)s, %(places)s::text[], %(names)s::text[], %(revisions)s::int[]) as sound

-- post_sources --
-- The messages that a post rests on, with the revisions whose words it may hold; null where it answers one, whatever it says.
select message_id, revision from nightdesk.post_source where key = %(key)s order by message_id

-- take_back_post --
-- It says that it was taken back.
select nightdesk.take_back_post(%(key)s)

-- recheck_post --
-- Taken back where it should not be said any more; false where nobody knows yet who reads there.
select nightdesk.recheck_post(%(key)s) as known

-- posts_to_redo --
-- Messages to somebody whose words were taken back, and that are made anew.
select key from nightdesk.outbox where scope_id = %(scope)s and redo order by key

-- claim_post --
-- From here on its outcome is unknown until it is recorded; only one worker gets it.
update nightdesk.outbox set state = 'sending', begun_at = %(now)s, attempts = attempts + 1
where key = %(key)s and state = 'wanted' and not redo
returning scope_id, key, channel, thread_ts, reader, content, hash, state, ts, stands, begun_at, attempts, redo

-- doubt_post --
-- Nobody here has tried to say it, and yet it may stand since a moment: the database may have been put back since.
update nightdesk.outbox set state = 'sending', begun_at = %(since)s
where key = %(key)s and state = 'wanted' and ts = '' and attempts = 0

-- reclaim_post --
-- Nothing of it stands on the far side: it may be tried again, unless somebody else has begun to.
update nightdesk.outbox set state = 'wanted', begun_at = null
where key = %(key)s and state = 'sending' and attempts = %(attempt)s

-- post_stands --
-- It stands in Slack; when other words are wanted meanwhile, those are still owed. What another attempt is at is left to it.
-- A delivery that still waits has nothing to do any more: whoever wants other words waits for this row, and enqueues another.
with stood as (
  update nightdesk.outbox set ts = %(ts)s, stands = %(stands)s, begun_at = null, problem = '',
    state = case when hash = %(stands)s then 'sent' else 'wanted' end, sent_at = coalesce(sent_at, %(now)s)
  where key = %(key)s and state <> 'withdrawn' and coalesce(attempts = %(attempt)s, true)
  returning scope_id, state),
moot as (
  delete from procrastinate_jobs using stood
  where stood.state = 'sent' and status = 'todo' and queueing_lock = 'deliver/' || %(key)s)
select scope_id, state from stood

-- refuse_post --
-- Slack will not have it; `problem` says why in a few words.
update nightdesk.outbox set state = 'refused', begun_at = null, problem = %(problem)s
where key = %(key)s and attempts = %(attempt)s

-- posts_in --
-- Our messages in a thread or channel, oldest first.
select key, ts, state from nightdesk.outbox
where channel = %(channel)s and (thread_ts = %(thread)s or ts = %(thread)s) order by wanted_at, key

-- post_at --
-- Which of our messages stands at a place in Slack.
select scope_id, key, channel, thread_ts, reader, content, hash, state, ts, stands, begun_at, attempts, redo
from nightdesk.outbox where channel = %(channel)s and ts = %(ts)s

-- pending_posts --
-- Where something waits to be said; never what.
select scope_id, key, state, begun_at from nightdesk.pending_posts()
