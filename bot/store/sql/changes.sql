-- log_change --
-- One line of the night's readable diff.
insert into nightdesk.change_log (scope_id, night, op, what, memories, was)
values (%(scope)s, %(night)s, %(op)s, %(what)s, %(memories)s, %(was)s)

-- changes_of --
-- What one night changed in the scopes given, as it happened.
select s.key as scope, c.op, c.what, c.was, c.memories, case when c.never then 'never' when c.undone_by <> '' then 'undone' else '' end as undone
from nightdesk.change_log c join nightdesk.scope s on s.id = c.scope_id
where c.scope_id = any(%(scopes)s) and c.night = %(night)s
order by s.key, c.id

-- latest_changes --
-- Lines about memories and what was refused, newest first; what took another's place is told once, as a change.
select c.id, c.scope_id, c.op, c.what, c.was, c.memories, c.night, c.at, c.undone_by, c.never,
  (select said_by from nightdesk.memory m where m.id = c.memories[cardinality(c.memories)]) as said_by
from nightdesk.change_log c
where c.scope_id = any(%(scopes)s) and c.id < %(before)s and (c.memories <> '{}' or c.op = 'refused')
  and not (c.op = 'added' and exists (
    select from nightdesk.change_log o where o.scope_id = c.scope_id and o.op = 'superseded' and o.memories @> c.memories
      and o.memories[cardinality(o.memories)] = c.memories[1]))
order by c.id desc limit %(most)s

-- change --
-- One line about a memory.
select c.id, c.scope_id, c.op, c.what, c.was, c.memories, c.night, c.at, c.undone_by, c.never,
  (select said_by from nightdesk.memory m where m.id = c.memories[cardinality(c.memories)]) as said_by
from nightdesk.change_log c where c.id = %(id)s and c.memories <> '{}'

-- undo_change --
-- Taken back by somebody, once.
update nightdesk.change_log set undone_by = %(who)s where id = %(id)s and undone_by = ''

-- redo_change --
-- It stands again.
update nightdesk.change_log set undone_by = '', never = false where id = %(id)s and undone_by <> ''

-- rule_out_change --
-- Taken back for good.
update nightdesk.change_log set undone_by = %(who)s, never = true where id = %(id)s and not never

-- unlearn --
-- As if it had never held: a memory without a moment in which it did. What it took the place of holds again.
update nightdesk.memory set forgotten_at = valid_from where scope_id = %(scope)s and id = %(id)s and valid_to is null

-- learn_again --
-- It holds; what a newer statement took the place of stays closed.
update nightdesk.memory set forgotten_at = null where scope_id = %(scope)s and id = %(id)s and forgotten_at is not null

-- restore_superseded --
-- The newer statement took the place of the older one, and no more does; no night says so again.
update nightdesk.memory_relation set undone = true
where scope_id = %(scope)s and older = %(old)s and newer = %(new)s and relation = 'supersedes'

-- supersede_again --
-- The newer statement takes the place of the older one again.
update nightdesk.memory_relation set undone = false
where scope_id = %(scope)s and older = %(old)s and newer = %(new)s and relation = 'supersedes'

-- memory_words --
-- What a memory says, and the words it was learned from.
select text, quote from nightdesk.memory where id = %(id)s

-- rule_out --
-- Never to be learned again here; it is remembered as long as the message is there that it came from.
insert into nightdesk.never (scope_id, hash, message_id)
select %(scope)s, %(hash)s, min(message_id) from nightdesk.memory_source where memory_id = %(memory)s having count(*) > 0
on conflict do nothing

-- allow_again --
-- May be learned again.
delete from nightdesk.never where scope_id = %(scope)s and hash = any(%(hashes)s)

-- ruled_out --
-- What is never to be learned again in a scope.
select hash from nightdesk.never where scope_id = %(scope)s

-- sources_of_memories --
-- Where memories come from, as far as the audience may read it.
select ms.memory_id, s.key as scope, m.key, m.medium, m.facts ->> 'message_id' as message_id
from nightdesk.memory_source ms join nightdesk.message m on m.id = ms.message_id join nightdesk.scope s on s.id = m.scope_id
where ms.memory_id = any(%(ids)s) order by ms.memory_id, m.sent_at, m.id
