-- take_run --
-- Takes a run over from whoever had it: the fence grows, and their writes are refused from now on.
insert into nightdesk.run (scope_id, id, fence, state) values (%(scope)s, %(id)s, 1, 'running')
on conflict (id) do update set fence = run.fence + 1, state = 'running'
returning fence

-- run_state --
-- How far a run came, by its derived id.
select state, fence, report from nightdesk.run where id = %(id)s

-- holds --
-- Keeps others from taking the run over in this transaction, if the fence is still ours. Those who hold the same fence write side
-- by side: of a process that was stopped nobody has to wait for one after another.
select nightdesk.holds(%(id)s, %(fence)s) as ok

-- end_run --
-- Only the worker that holds the fence ends a run.
update nightdesk.run set state = %(state)s, report = %(report)s where id = %(id)s and fence = %(fence)s

-- drop_checkpoints --
-- The result is saved: what led to it goes.
with a as (delete from checkpoint_writes where thread_id = %(id)s), b as (delete from checkpoint_blobs where thread_id = %(id)s)
delete from checkpoints where thread_id = %(id)s

-- spend_lock --
-- One reservation at a time for a scope's night, so that two cannot both fit under the cap.
select pg_advisory_xact_lock(hashtextextended('spend/' || %(scope)s || '/' || %(night)s::text, 0))

-- share_out --
-- The money of a workspace's day, by head; nothing when that is done.
select nightdesk.share_out(%(night)s, %(whole)s, %(most)s)

-- share_of --
-- What one person or place may spend on a date.
select nightdesk.share_of(%(scope)s, %(night)s, %(whole)s, %(most)s) as money

-- spent --
-- Money of one scope's night: what is settled, and what is reserved and may yet be spent; how much of it on some steps, and by
-- night; whether it is a person's, and their desk is still to be done with it.
select spent.*, person.is_person,
  person.is_person and not exists (select from nightdesk.digest where scope_id = %(scope)s and date = %(night)s) as owed
from (
  select coalesce(sum(money), 0) as money, coalesce(sum(money) filter (where step = any(%(steps)s)), 0) as on_steps,
    coalesce(sum(money) filter (where step <> %(asked)s), 0) as by_night
  from nightdesk.spend where scope_id = %(scope)s and night = %(night)s and state <> 'released') spent,
  (select exists (select from nightdesk.scope where id = %(scope)s and kind = 'person') as is_person) person

-- reserve --
-- Money is taken before the call is made.
insert into nightdesk.spend (scope_id, night, step, model, state, money)
values (%(scope)s, %(night)s, %(step)s, %(model)s, 'reserved', %(money)s) returning id

-- settle --
-- Once: a second settlement of the same call changes nothing.
update nightdesk.spend set state = %(state)s, money = %(money)s, prompt_tokens = %(prompt)s, cached_tokens = %(cached)s,
  completion_tokens = %(completion)s, seconds = %(seconds)s
where id = %(id)s and state = 'reserved'

-- spend_by_step --
-- What each step of a night cost each scope.
select scope_id, step, count(*) as calls, sum(prompt_tokens) as prompt, sum(cached_tokens) as cached,
  sum(completion_tokens) as completion, sum(money) as money
from nightdesk.spend where scope_id = any(%(scopes)s) and night = %(night)s and state = 'settled'
group by scope_id, step order by step, scope_id

-- fell_back --
-- Why rules had to note what places learned in a night, without repeats.
select distinct jsonb_array_elements_text(report -> 'fell_back') as reason from nightdesk.run
where scope_id = any(%(scopes)s) and id like %(runs)s and state = 'done' order by 1

-- left_ahead --
-- Why not all expected questions were answered ahead in a night, without repeats.
select distinct jsonb_array_elements_text(report -> 'left') as reason from nightdesk.run
where scope_id = any(%(scopes)s) and id like %(runs)s and state = 'done' order by 1

-- left_unread --
-- Messages that nights of one date did not get to, told by their runs.
select coalesce(sum((report ->> 'left')::int), 0) as count from nightdesk.run
where scope_id = any(%(scopes)s) and id like %(runs)s and state = 'done'
