-- memories --
-- What holds at a moment in the scopes given, oldest first; of what says the same only the oldest.
select m.id, s.key as scope, m.kind, m.text, m.quote, m.said_by, m.valid_from, m.valid_to, m.superseded_by, m.confidence,
  nightdesk.sources_of(m.id) as sources, nightdesk.premises_of(m.id) as premises, nightdesk.contradicting(m.id) as contradicts
from nightdesk.memory m join nightdesk.scope s on s.id = m.scope_id
where m.scope_id = any(%(scopes)s) and m.valid_from <= %(at)s and (m.valid_to is null or m.valid_to > %(at)s)
  and not nightdesk.said_before(m.id, %(at)s)
order by m.valid_from, m.kind = 'conclusion', s.key, m.text, m.key

-- memories_by_id --
-- In the order of the ids given; what the audience may not read is absent.
select m.id, s.key as scope, m.kind, m.text, m.quote, m.said_by, m.valid_from, m.valid_to, m.superseded_by, m.confidence,
  nightdesk.sources_of(m.id) as sources, nightdesk.premises_of(m.id) as premises, nightdesk.contradicting(m.id) as contradicts
from unnest(%(ids)s::bigint[]) with ordinality as wanted(id, place)
join nightdesk.memory m on m.id = wanted.id join nightdesk.scope s on s.id = m.scope_id
order by wanted.place

-- found_memories --
-- The definer function ranks within the viewer's scopes and returns ids only; the rows are read under row-level security.
select memory_id as id from nightdesk.found_memories(
  %(question)s, %(lang)s, %(most)s, %(at)s, %(past)s, %(concluded)s)

-- said_last --
-- What somebody said last in some scopes and still holds, newest first; what says the same only once.
select id from nightdesk.memory
where scope_id = any(%(scopes)s) and said_by = any(%(by)s) and valid_from <= %(at)s
  and (valid_to is null or valid_to > %(at)s) and kind not in ('conclusion', 'open_question')
  and not nightdesk.said_before(id, %(at)s)
order by valid_from desc, quote, text limit %(most)s

-- superseded_before --
-- What a memory took the place of, and what that had taken the place of, oldest first.
with recursive before as (
  select older as id from nightdesk.memory_relation where newer = %(id)s and relation = 'supersedes' and not undone
  union
  select r.older from before join nightdesk.memory_relation r on r.newer = before.id
  where r.relation = 'supersedes' and not r.undone)
select m.id from before join nightdesk.memory m using (id) order by m.valid_from, m.text, m.id

-- taken_over --
-- What held no more from some moment of a time on, and what took its place, the newest first; only where both may be read.
select older.id as older, newer.id as newer
from nightdesk.memory_relation r join nightdesk.memory newer on newer.id = r.newer
  join nightdesk.memory older on older.id = r.older and older.superseded_by = newer.id
where r.relation = 'supersedes' and not r.undone and older.valid_to < %(until)s
  and (%(since)s::timestamptz is null or older.valid_to >= %(since)s)
  and (%(ids)s::bigint[] is null or r.newer = any(%(ids)s) or r.older = any(%(ids)s))
order by older.valid_to desc, newer.text, older.text, older.id limit %(most)s

-- learned_tonight --
-- What a night added that still holds, as far as the audience may read it.
select m.id from nightdesk.memory m join nightdesk.scope s on s.id = m.scope_id
where m.scope_id = any(%(scopes)s) and m.night = %(night)s and m.valid_to is null and m.kind <> 'conclusion'
order by m.valid_from, s.key, m.text, m.key

-- put_memory --
-- The same statement is one row: a night that runs again finds it and says that nothing was added.
insert into nightdesk.memory (scope_id, key, kind, text, quote, said_by, valid_from, confidence, found_by, night, lang)
select %(scope)s, %(key)s, %(kind)s, %(text)s, %(quote)s, %(said_by)s, %(valid_from)s, %(confidence)s, %(found_by)s,
  %(night)s, coalesce((select lang from nightdesk.message where id = %(message)s), 'en')
on conflict (scope_id, key) do update set key = excluded.key
returning id, xmax = 0 as added

-- put_memory_source --
-- Where a memory comes from, and in which of its revisions.
insert into nightdesk.memory_source (scope_id, memory_id, message_id, revision)
select %(scope)s, %(memory)s, id, revision from nightdesk.message where id = %(message)s on conflict do nothing

-- put_relation --
-- How two memories of one place stand to each other, once; what a person undid stays undone.
insert into nightdesk.memory_relation (scope_id, newer, older, relation)
select %(scope)s, newer.id, older.id, %(relation)s
from nightdesk.memory newer, nightdesk.memory older
where newer.id = %(newer)s and older.id = %(older)s and newer.scope_id = %(scope)s and older.scope_id = %(scope)s
  and (%(relation)s <> 'supersedes' or newer.valid_from > older.valid_from)
on conflict (newer, older) do nothing

-- superseding --
-- What took the place of a memory.
select newer as id from nightdesk.memory_relation where older = %(id)s and relation = 'supersedes' and not undone

-- superseded_or_repeated --
-- What a memory took the place of, and what says the same as it.
select older as id from nightdesk.memory_relation where newer = %(id)s and relation = 'supersedes' and not undone
union
select newer from nightdesk.memory_relation where older = %(id)s and relation = 'same' and not undone

-- forget_memory --
-- No longer true from a moment on, because somebody takes it back; what stands on it falls with it.
update nightdesk.memory set forgotten_at = greatest(%(at)s, valid_from)
where scope_id = %(scope)s and id = %(id)s and valid_to is null
returning text

-- noted_in --
-- What is remembered of some messages, since when it holds no more, and the messages of those who say otherwise while it holds.
select ms.message_id, m.text, m.quote, case when m.valid_to <= %(at)s then m.valid_to end as until, array(
    select other.message_id
    from nightdesk.memory_relation r join nightdesk.memory o on o.id in (r.newer, r.older) and o.id <> m.id
      join nightdesk.memory_source other on other.memory_id = o.id
    where m.id in (r.newer, r.older) and r.relation = 'contradicts' and not r.undone and o.said_by <> m.said_by
      and (m.valid_to is null or m.valid_to > %(at)s) and (o.valid_to is null or o.valid_to > %(at)s)
    group by 1 order by min(o.valid_from), min(o.text)) as against
from nightdesk.memory_source ms join nightdesk.memory m on m.id = ms.memory_id
where ms.message_id = any(%(messages)s) and m.kind <> 'conclusion' and m.quote <> '' and m.valid_from <= %(at)s
order by m.valid_from, m.text, m.id

-- put_conclusion --
-- Nothing, unless all who read the writer's scope may read every premise and each of them holds.
select id, added from nightdesk.conclude(%(key)s, %(text)s, %(premises)s::bigint[], %(confidence)s, %(night)s)
