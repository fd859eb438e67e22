-- newest_message --
-- The newest row that the audience may read: what is stored later was not there when somebody read.
select coalesce(max(id), 0) as id from nightdesk.message

-- keep_prepared --
-- Keeps one answer with what it was made from; false where something of that has changed meanwhile.
select nightdesk.keep_prepared(%(scope)s, jsonb_populate_record(null::nightdesk.prepared, %(made)s), %(ids)s, %(revisions)s,
  %(cites)s) as kept

-- prepared_near --
-- What may answer a question with these words, or cites one of the messages it finds, as far as the audience may read.
select p.id, s.key as scope, p.key, p.question, p.also, p.answer, p.citations, p.reason, p.score, p.night, p.at, p.expires,
  exists (select from nightdesk.prepared_source c
    where c.prepared_id = p.id and c.cited and c.message_id = any(%(hits)s)) as found
from nightdesk.prepared p join nightdesk.scope s on s.id = p.scope_id
where p.expires > %(now)s and (p.words && %(words)s::text[] or exists (
  select from nightdesk.prepared_source c where c.prepared_id = p.id and c.cited and c.message_id = any(%(hits)s)))
order by s.key, p.key

-- prepared_of --
-- What was prepared for the scopes given and has not expired.
select p.id, s.key as scope, p.key, p.question, p.also, p.answer, p.citations, p.reason, p.score, p.night, p.at, p.expires,
  false as found
from nightdesk.prepared p join nightdesk.scope s on s.id = p.scope_id
where p.scope_id = any(%(scopes)s) and p.expires > %(now)s
order by p.score desc, s.key, p.key

-- sound_prepared --
-- Of these answers, those that every reader of the audience may be given now: whatever they were made from is readable and
-- stands in the words that were read, nothing newer is among what their question finds (said later, or stored later where its
-- makers read), and no later memory overrules it.
select p.id from nightdesk.prepared p
where p.id = any(%(ids)s) and p.expires > %(now)s
  and not exists (
    select from nightdesk.prepared_source s left join nightdesk.message m on m.id = s.message_id and m.deleted_at is null
    where s.prepared_id = p.id and (m.id is null or m.revision <> s.revision))
  and not exists (
    select from nightdesk.found_items(p.question, p.lang, %(most)s, %(now)s) hit
    join nightdesk.message m on m.id = hit.message_id
    where (m.sent_at > p.at or m.id > p.newest
        and m.scope_id in (select nightdesk.readable(nightdesk.readers_of(p.scope_id)))) and not coalesce((m.facts ->> 'asks_us')::boolean, false)
      and not exists (select from nightdesk.prepared_source s where s.prepared_id = p.id and s.message_id = m.id))
  and not exists (
    select from nightdesk.prepared_source s
    join nightdesk.memory_source o on o.message_id = s.message_id join nightdesk.memory old on old.id = o.memory_id
    where s.prepared_id = p.id and s.cited and old.valid_to <= %(now)s
      and case when old.superseded_by is null then old.valid_to >= p.at else not exists (
        select from nightdesk.memory_source n join nightdesk.prepared_source r on r.message_id = n.message_id
        where n.memory_id = old.superseded_by and r.prepared_id = p.id) end)

-- drop_prepared --
-- What is not to be offered any more.
delete from nightdesk.prepared where scope_id = %(scope)s and (expires <= %(now)s or key = any(%(keys)s))

-- put_prepared_use --
-- What became of an answer on one day, where it was asked for.
insert into nightdesk.prepared_use (scope_id, prepared_id, day, offered, cited, withheld)
values (%(scope)s, %(id)s, %(day)s, %(offered)s, %(cited)s, %(withheld)s)
on conflict (scope_id, prepared_id, day) do update set offered = prepared_use.offered + excluded.offered,
  cited = prepared_use.cited + excluded.cited, withheld = prepared_use.withheld + excluded.withheld

-- prepared_uses --
-- What became of what was prepared, in the scopes given since a day.
select coalesce(sum(offered), 0)::int as offered, coalesce(sum(cited), 0)::int as cited,
  coalesce(sum(withheld), 0)::int as withheld
from nightdesk.prepared_use where scope_id = any(%(scopes)s) and day >= %(since)s

-- prepared_counts --
-- The same of everybody together, without saying whose.
select offered, cited, withheld from nightdesk.prepared_counts(%(since)s)

-- questions_asked --
-- What was asked of us in these conversations, or asked of everybody there; whether we found no answer.
select m.id, m.text, m.author_key, m.sent_at, coalesce((m.facts ->> 'asks_us')::boolean, false) as of_us, exists (
    select from nightdesk.outbox o where o.key = 'answer/' || substr(s.key, 9) || '/' || m.key
      and starts_with(o.content ->> 'text', %(not_found)s)) as missed
from nightdesk.message m join nightdesk.scope s on s.id = m.scope_id
where m.scope_id = any(%(scopes)s) and m.medium = 'slack' and m.deleted_at is null and m.author_kind <> 'bot'
  and m.sent_at > %(since)s and m.sent_at <= %(now)s
  and (coalesce((m.facts ->> 'asks_us')::boolean, false) or m.text like '%%?%%')
order by m.sent_at desc, m.key limit %(most)s

-- rows_of_memories --
-- Which messages some memories come from.
select memory_id, message_id from nightdesk.memory_source where memory_id = any(%(memories)s) order by memory_id, message_id

-- rows_behind --
-- Which messages some prepared answers rest on.
select prepared_id as id, array_agg(message_id order by message_id) as rows from nightdesk.prepared_source
where prepared_id = any(%(ids)s) group by 1
