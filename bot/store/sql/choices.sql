-- choices --
-- What a person decided about items of their digests and about whole threads.
select item, verb, until, source, pressed_at from nightdesk.choice where scope_id = %(scope)s order by pressed_at, item

-- choose --
-- What ends a thing goes before what puts it off, in whatever order the presses come; of two of a kind the later one counts.
insert into nightdesk.choice (scope_id, item, verb, until, source, pressed_at)
values (%(scope)s, %(item)s, %(verb)s, %(until)s, %(source)s, %(pressed_at)s)
on conflict (scope_id, item) do update set verb = excluded.verb, until = excluded.until, source = excluded.source,
  pressed_at = excluded.pressed_at
where (array_position(%(ranks)s, excluded.verb), excluded.pressed_at) >
  (array_position(%(ranks)s, choice.verb), choice.pressed_at)

-- take_back --
-- As if it had not been pressed.
delete from nightdesk.choice where scope_id = %(scope)s and item = %(item)s

-- hold_tasks --
-- Whoever presses waits until these tasks are written, so that no press is lost under a night.
select id from nightdesk.task where scope_id = %(scope)s for update

-- show_tasks --
-- They stood in the digest of a date.
update nightdesk.task set shown_on = array_append(shown_on, %(date)s)
where scope_id = %(scope)s and id = any(%(ids)s) and not %(date)s = any(shown_on)

-- press_task --
-- Moves a task on, if it still is in one of the states that allow it.
update nightdesk.task set state = %(to)s, snoozed_until = %(until)s
where scope_id = %(scope)s and id = %(id)s and state = any(%(from)s)

-- replace_draft --
-- Another wording of a reply that nobody touched; what lies in a mailbox is taken out before the new one is put there.
update nightdesk.draft set value = %(value)s, mail = %(mail)s, state = 'planned'
where scope_id = %(scope)s and account = %(account)s and answers = %(answers)s and state = any(%(from)s) and begun_at is null
