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
-- Lines about memories and what was refused, of the newest night first, place by place, the last of each first; what took
-- another's place is told once, as a change.
select c.id, c.key, c.scope_id, c.op, c.what, c.was, c.memories, c.night, c.at, c.undone_by, c.never, m.said_by, m.kind
from nightdesk.change_log c join nightdesk.scope s on s.id = c.scope_id
left join nightdesk.memory m on m.id = c.memories[cardinality(c.memories)]
where c.scope_id = any(%(scopes)s) and (c.memories <> '{}' or c.op = 'refused')
  and not (c.op = 'added' and exists (
    select from nightdesk.change_log o where o.scope_id = c.scope_id and o.op = 'superseded' and o.memories @> c.memories
      and o.memories[cardinality(o.memories)] = c.memories[1]))
order by c.night desc, s.key, c.id desc limit %(most)s offset %(skip)s

-- change --
-- One line about a memory; of two that say the same of the same night the newer.
select c.id, c.key, c.scope_id, c.op, c.what, c.was, c.memories, c.night, c.at, c.undone_by, c.never, m.said_by, m.kind
from nightdesk.change_log c left join nightdesk.memory m on m.id = c.memories[cardinality(c.memories)] where c.key = %(key)s and c.memories <> '{}' order by c.id desc limit 1

-- undo_change --
-- Taken back by somebody, once; with it every line that tells of the same memory.
update nightdesk.change_log set undone_by = %(who)s
where scope_id = %(scope)s and undone_by = '' and (id = %(id)s
  or op in ('added', 'superseded') and %(op)s <> 'dropped' and memories[cardinality(memories)] = %(memory)s)

-- redo_change --
-- It stands again, and every line that tells of the same memory.
update nightdesk.change_log set undone_by = '', never = false
where scope_id = %(scope)s and undone_by <> '' and (id = %(id)s
  or op in ('added', 'superseded') and %(op)s <> 'dropped' and memories[cardinality(memories)] = %(memory)s)

-- rule_out_change --
-- Taken back for good.
update nightdesk.change_log set undone_by = %(who)s, never = true
where scope_id = %(scope)s and not never and (id = %(id)s
  or op in ('added', 'superseded') and memories[cardinality(memories)] = %(memory)s)

-- unlearn --
-- It counts no more since a moment; without one, as if it had never held. What it took the place of holds again.
update nightdesk.memory set forgotten_at = greatest(%(at)s, valid_from)
where scope_id = %(scope)s and id = %(id)s and forgotten_at is null

-- learn_again --
-- It counts again, and takes the place of what it had taken before; what a newer statement took the place of stays closed.
update nightdesk.memory set forgotten_at = null where scope_id = %(scope)s and id = %(id)s

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
