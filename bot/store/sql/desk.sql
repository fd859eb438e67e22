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
