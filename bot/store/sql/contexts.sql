-- learned_context --
-- The newest version of each scope's block.
select distinct on (c.scope_id) c.scope_id, s.key as scope, s.name, c.version, c.lines, c.in_view, c.view_sum
from nightdesk.learned_context c join nightdesk.scope s on s.id = c.scope_id
where c.scope_id = any(%(scopes)s) order by c.scope_id, c.version desc

-- put_learned_context --
-- Compare and swap: only over the version that was read.
insert into nightdesk.learned_context (scope_id, version, lines, in_view, view_sum, night)
select %(scope)s, %(version)s, %(lines)s, %(in_view)s, %(view_sum)s, %(night)s
where coalesce((select max(version) from nightdesk.learned_context where scope_id = %(scope)s), 0) = %(version)s - 1
on conflict do nothing

-- standing_memories --
-- Which of these memories still stand.
select id from nightdesk.memory where id = any(%(ids)s) and valid_to is null

-- memory_view --
-- How many memories hold at a moment in the scopes given, and the sum of their row ids: two that differ in neither are one.
select count(*) as count, coalesce(sum(id), 0) as total from nightdesk.memory
where scope_id = any(%(scopes)s) and valid_from <= %(at)s and (valid_to is null or valid_to > %(at)s)
