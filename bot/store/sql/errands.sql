-- put_errand --
-- One for each message that asked; other words for it count while nobody works on it, and over those from the card only
-- when the message was edited since.
insert into nightdesk.errand (scope_id, id, person_id, channel, thread_ts, value, night, at)
values (%(scope)s, %(id)s, %(person)s, %(channel)s, %(thread)s, %(value)s, %(night)s, %(now)s)
on conflict (id) do update set value = excluded.value
where errand.state = 'waiting' and errand.value <> excluded.value and (
  not coalesce((errand.value ->> 'edited')::bool, false)
  or (excluded.value ->> 'revision')::int > (errand.value ->> 'revision')::int)

-- reword_errand --
-- Other words from whoever asked, as long as nobody works on it.
update nightdesk.errand set value = %(value)s where id = %(id)s and state = 'waiting'

-- errand --
-- One errand, whole.
select scope_id, id, person_id, channel, thread_ts, value, state, night, result, at from nightdesk.errand where id = %(id)s

-- errands_due --
-- Errands that somebody's night has to do; where they are, never what they say.
select scope_id, id from nightdesk.errands_of(%(person)s, %(night)s)

-- errands_done --
-- What came of somebody's errands in one night, as far as the audience may read it.
select scope_id, id, person_id, channel, thread_ts, value, state, night, result, at from nightdesk.errand
where person_id = %(person)s and night = %(night)s and state in ('done', 'failed') order by at, id

-- move_errand --
-- Compare and swap: only from a state that allows it.
update nightdesk.errand set state = %(to)s, night = coalesce(%(night)s, night), result = coalesce(%(result)s, result)
where id = %(id)s and state = any(%(from)s)
