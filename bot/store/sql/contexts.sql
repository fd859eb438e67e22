-- learned_context --
-- The newest version of each scope's block.
select distinct on (c.scope_id) c.scope_id, s.key as scope, s.name, c.version, c.lines, c.in_view, c.view_sum, c.newest, c.seen,
  c.stale, c.night
from nightdesk.learned_context c join nightdesk.scope s on s.id = c.scope_id
where c.scope_id = any(%(scopes)s) order by c.scope_id, c.version desc

-- put_learned_context --
-- Compare and swap: only over the version that was read.
insert into nightdesk.learned_context (scope_id, version, lines, in_view, view_sum, newest, seen, stale, night)
select %(scope)s, %(version)s, %(lines)s, %(in_view)s, %(view_sum)s, %(newest)s, %(seen)s, false, %(night)s
where coalesce((select max(version) from nightdesk.learned_context where scope_id = %(scope)s), 0) = %(version)s - 1
on conflict do nothing

-- drop_old_contexts --
-- Versions beyond those that are kept, and those that saw what was taken back since.
delete from nightdesk.learned_context where scope_id = %(scope)s and (version < %(oldest)s or stale)

-- standing_memories --
-- Which of these memories still stand.
select id from nightdesk.memory where id = any(%(ids)s) and valid_to is null

-- memories_in_view --
-- How many memories hold at a moment in a view, the sum of their row ids, and the last: two that differ in none are one.
select count(*) as count, coalesce(sum(id), 0) as total, coalesce(max(id), 0) as newest from nightdesk.memory
where scope_id = any(%(scopes)s) and valid_from <= %(at)s and valid_to is null
  and (%(who)s = '' or said_by = %(who)s or scope_id = any(%(own)s) or text ~* any(%(names)s))

-- useful_memories --
-- What the next version of a block is made from, the most useful first: what its lines named, what is new, then by kind and age.
select id, kind, text, said_by, valid_from from nightdesk.memory
where scope_id = any(%(scopes)s) and valid_from <= %(at)s and valid_to is null and id <> all(%(without)s)
  and (%(who)s = '' or said_by = %(who)s or scope_id = any(%(own)s) or text ~* any(%(names)s))
order by id = any(%(named)s) desc, id > %(newest)s desc,
  case kind when 'decision' then 3 when 'commitment' then 3 when 'conclusion' then 2.5 when 'fact' then 1.5
    when 'open_question' then 1.5 else 2 end - ln(1 + extract(epoch from %(at)s - valid_from) / 86400) desc, valid_from desc, text,
  (select s.key from nightdesk.scope s where s.id = scope_id), key
limit %(most)s
