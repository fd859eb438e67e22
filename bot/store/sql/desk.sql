-- thoughts --
-- Judgements kept for a scope and step, by key and in its order: the caller compares the input.
select key, input, result from nightdesk.thought where scope_id = %(scope)s and step = %(step)s order by key collate "C"

-- put_thought --
-- The same judgement of the same input changes nothing.
insert into nightdesk.thought (scope_id, step, key, about, thread, input, result)
values (%(scope)s, %(step)s, %(key)s, %(about)s, %(thread)s, %(input)s, %(result)s)
on conflict (scope_id, step, key) do update set about = excluded.about, thread = excluded.thread, input = excluded.input,
  result = excluded.result, at = now()
where thought.input <> excluded.input or thought.result <> excluded.result

-- memories --
-- What holds at a moment in the scopes given, oldest first.
select m.id, s.key as scope, m.kind, m.text, m.quote, m.said_by, m.valid_from, m.valid_to,
  (select jsonb_agg(jsonb_build_object('key', g.key, 'medium', g.medium, 'message_id', g.facts ->> 'message_id')
     order by g.sent_at) from nightdesk.memory_source ms join nightdesk.message g on g.id = ms.message_id
   where ms.memory_id = m.id) as sources
from nightdesk.memory m join nightdesk.scope s on s.id = m.scope_id
where m.scope_id = any(%(scopes)s) and m.valid_from <= %(at)s and (m.valid_to is null or m.valid_to > %(at)s)
order by m.valid_from, s.key, m.id

-- put_memory --
-- The same statement is one row: a night that runs again finds it and says that nothing was added.
insert into nightdesk.memory (scope_id, key, kind, text, quote, said_by, valid_from, confidence, found_by, night)
values (%(scope)s, %(key)s, %(kind)s, %(text)s, %(quote)s, %(said_by)s, %(valid_from)s, %(confidence)s, %(found_by)s,
  %(night)s)
on conflict (scope_id, key) do update set key = excluded.key
returning id, xmax = 0 as added

-- put_memory_source --
-- Where a memory comes from, and in which of its revisions.
insert into nightdesk.memory_source (scope_id, memory_id, message_id, revision)
select %(scope)s, %(memory)s, id, revision from nightdesk.message where id = %(message)s on conflict do nothing

-- close_memory --
-- A newer statement took its place: kept, but no longer true after that moment.
update nightdesk.memory set valid_to = %(at)s, superseded_by = %(by)s
where scope_id = %(scope)s and id = %(id)s and valid_to is null and id <> %(by)s and valid_from < %(at)s
returning text

-- forget_memory --
-- No longer true from a moment on, because its speaker says so; what stands on it falls with it.
update nightdesk.memory set valid_to = greatest(%(at)s, valid_from)
where scope_id = %(scope)s and id = %(id)s and valid_to is null
returning text

-- learned_context --
-- The newest version of each scope's block.
select distinct on (c.scope_id) c.scope_id, s.key as scope, s.name, c.version, c.lines
from nightdesk.learned_context c join nightdesk.scope s on s.id = c.scope_id
where c.scope_id = any(%(scopes)s) order by c.scope_id, c.version desc

-- put_learned_context --
-- Compare and swap: only over the version that was read.
insert into nightdesk.learned_context (scope_id, version, lines, night)
select %(scope)s, %(version)s, %(lines)s, %(night)s
where coalesce((select max(version) from nightdesk.learned_context where scope_id = %(scope)s), 0) = %(version)s - 1
on conflict do nothing

-- standing_memories --
-- Which of these memories still stand.
select id from nightdesk.memory where id = any(%(ids)s) and valid_to is null

-- log_change --
-- One line of the night's readable diff.
insert into nightdesk.change_log (scope_id, night, op, what) values (%(scope)s, %(night)s, %(op)s, %(what)s)

-- changes_of --
-- What one night changed in the scopes given, as it happened.
select s.key as scope, c.op, c.what from nightdesk.change_log c join nightdesk.scope s on s.id = c.scope_id
where c.scope_id = any(%(scopes)s) and c.night = %(night)s
order by s.key, c.id

-- tasks --
-- A person's unfinished things, those that are over included: what is done never returns.
select id, value, state, snoozed_until, changed_on, shown_on from nightdesk.task where scope_id = %(scope)s order by id

-- put_task --
-- The id is derived, so a night that runs again writes the same row.
insert into nightdesk.task (scope_id, id, value, state, snoozed_until, changed_on, shown_on)
values (%(scope)s, %(id)s, %(value)s, %(state)s, %(snoozed_until)s, %(changed_on)s, %(shown_on)s)
on conflict (scope_id, id) do update set value = excluded.value, state = excluded.state,
  snoozed_until = excluded.snoozed_until, changed_on = excluded.changed_on, shown_on = excluded.shown_on

-- drafts --
-- Every draft that was ever planned for a person, whatever became of it; not one whose words were taken back.
select account, answers, state, value, mail, night from nightdesk.draft
where scope_id = %(scope)s and state <> 'fallen' order by account, answers

-- plan_draft --
-- At most one for each account and message answered; a second night changes nothing.
insert into nightdesk.draft (scope_id, account, answers, state, value, mail, night)
values (%(scope)s, %(account)s, %(answers)s, 'planned', %(value)s, %(mail)s, %(night)s) on conflict do nothing

-- move_draft --
-- Compare and swap: only from a state that allows it.
update nightdesk.draft set state = %(to)s
where scope_id = %(scope)s and account = %(account)s and answers = %(answers)s and state = any(%(from)s)

-- digest --
-- The digest of one local date, if that morning was made.
select value from nightdesk.digest where scope_id = %(scope)s and date = %(date)s

-- last_digest_before --
-- The date of the morning before this one; null at the first.
select max(date) as date from nightdesk.digest where scope_id = %(scope)s and date < %(date)s

-- put_digest --
-- One for each person and local date, changed in place.
insert into nightdesk.digest (scope_id, date, value) values (%(scope)s, %(date)s, %(value)s)
on conflict (scope_id, date) do update set value = excluded.value where digest.value <> excluded.value
