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

-- noted_in --
-- What is remembered of some messages, and since when it holds no more.
select ms.message_id, m.text, m.quote, case when m.valid_to <= %(at)s then m.valid_to end as until
from nightdesk.memory_source ms join nightdesk.memory m on m.id = ms.memory_id
where ms.message_id = any(%(messages)s) and m.kind <> 'conclusion' and m.quote <> '' and m.valid_from <= %(at)s
order by m.valid_from, m.id
