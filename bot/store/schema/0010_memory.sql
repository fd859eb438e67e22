-- How long a memory holds follows from what stands beside it, and what follows from several is a memory too.

-- Intervals are derived: from relations, from what was taken back, from premises. So they are the same in whatever order nights
-- read, and when what closed a memory goes, the memory stands again.
alter table nightdesk.memory
  add column lang text not null default 'en', -- of the words quoted; the text is English
  add column forgotten_at timestamptz;        -- since when it counts no more because somebody took it back; null: it does

create table nightdesk.memory_relation (
  scope_id int not null references nightdesk.scope,
  newer bigint not null references nightdesk.memory on delete cascade,
  older bigint not null references nightdesk.memory on delete cascade,
  relation text not null check (relation in ('same', 'supersedes', 'contradicts')),
  undone boolean not null default false, -- a person said no: kept, so that no night says it again
  primary key (newer, older)
);
create index on nightdesk.memory_relation (older);
call nightdesk.guard('nightdesk.memory_relation');

create table nightdesk.memory_premise (
  scope_id int not null references nightdesk.scope, -- of the conclusion
  memory_id bigint not null references nightdesk.memory on delete cascade,
  premise_id bigint not null references nightdesk.memory on delete cascade,
  premise_scope int not null references nightdesk.scope,
  primary key (memory_id, premise_id)
);
create index on nightdesk.memory_premise (premise_id);
call nightdesk.guard('nightdesk.memory_premise');

-- The words of memories, as `posting` has those of messages.
create table nightdesk.memory_posting (
  term text not null,
  scope_id int not null references nightdesk.scope,
  memory_id bigint not null references nightdesk.memory on delete cascade
);
create index on nightdesk.memory_posting (term, scope_id) include (memory_id);
create index on nightdesk.memory_posting (memory_id);
call nightdesk.guard('nightdesk.memory_posting');

-- A conclusion is read where every one of its premises is: a channel that gets guests loses what rests on other channels.
create function nightdesk.rests_open(conclusion bigint) returns boolean
language sql stable security definer set search_path = nightdesk, pg_temp as $$
  select not exists (
    select from memory_premise
    where memory_id = conclusion and not premise_scope in (select readable((select audience()))))
$$;
do $$
begin
  execute format('create policy premises on nightdesk.memory as restrictive for select to public
    using (kind <> ''conclusion'' or current_user = %L or nightdesk.rests_open(id))', current_user);
end $$;

-- The intervals of these memories, made anew. A memory ends when the first one begins that takes its place, never before it
-- began itself; a conclusion with the first of its premises. What was taken back takes no other's place.
create function nightdesk.settle_memories(ids bigint[]) returns void
language sql security definer set search_path = nightdesk, pg_temp as $$
  update memory set valid_to = held.until, superseded_by = held.by
  from (
    select m.id, next.by, least(
        case when m.forgotten_at is not null then greatest(m.forgotten_at, m.valid_from) end, next.at,
        case when rest.until is not null then greatest(rest.until, m.valid_from) end) as until
    from memory m
    left join lateral (
      select n.id as by, n.valid_from as at from memory_relation r join memory n on n.id = r.newer
      where r.older = m.id and r.relation = 'supersedes' and not r.undone and n.forgotten_at is null
        and n.valid_from > m.valid_from
      order by n.valid_from, n.id limit 1) next on true
    left join lateral (
      select min(p.valid_to) as until from memory_premise r join memory p on p.id = r.premise_id
      where r.memory_id = m.id) rest on true
    where m.id = any(ids)) held
  where memory.id = held.id and (memory.valid_to, memory.superseded_by) is distinct from (held.until, held.by)
$$;

create function nightdesk.relation_changed() returns trigger
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  perform settle_memories(array[case when tg_op = 'DELETE' then old.older else new.older end]);
  return null;
end $$;
create trigger relation_changed after insert or update or delete on nightdesk.memory_relation
  for each row execute function nightdesk.relation_changed();

-- Taken back, or taken up again: then also what it had closed.
create function nightdesk.memory_forgotten() returns trigger
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  perform settle_memories(new.id || array(select older from memory_relation where newer = new.id));
  return null;
end $$;
create trigger memory_forgotten after update of forgotten_at on nightdesk.memory
  for each row when (old.forgotten_at is distinct from new.forgotten_at) execute function nightdesk.memory_forgotten();

create function nightdesk.memory_closed() returns trigger
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  perform settle_memories(array(select memory_id from memory_premise where premise_id = new.id));
  return null;
end $$;
create trigger memory_closed after update of valid_to on nightdesk.memory
  for each row when (old.valid_to is distinct from new.valid_to) execute function nightdesk.memory_closed();

-- Without one of its premises nothing follows.
create function nightdesk.premise_gone() returns trigger
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  delete from memory where id = old.memory_id;
  return null;
end $$;
create trigger premise_gone after delete on nightdesk.memory_premise
  for each row execute function nightdesk.premise_gone();

create function nightdesk.post_memory() returns trigger
language plpgsql security definer set search_path = nightdesk, pg_catalog, pg_temp as $$
begin
  insert into memory_posting (term, scope_id, memory_id)
  select distinct left(words_of(spoken)::text, 2) || ':' || lexeme, new.scope_id, new.id
  from unnest(array['en', new.lang]) spoken, unnest(to_tsvector(words_of(spoken), new.text || ' ' || new.quote))
  where length(lexeme) <= 200;
  return null;
end $$;
create trigger post_memory after insert on nightdesk.memory for each row execute function nightdesk.post_memory();

-- What follows from several memories that hold, in the writer's scope: null unless all who read that scope may read each of
-- them. Premises are held until the transaction ends: one that closes meanwhile closes the conclusion. No conclusion is a
-- premise.
create function nightdesk.conclude(name text, said text, premises bigint[], sure double precision, tonight date)
returns table (id bigint, added boolean)
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
#variable_conflict use_column
declare
  here int := writable(audience());
  made bigint;
begin
  perform from memory where memory.id = any(premises) order by memory.id for share;
  if here is null or (select count(distinct p) from unnest(premises) p) < 2 or exists (
      select from unnest(premises) p where not exists (
        select from memory m where m.id = p and m.valid_to is null and m.kind <> 'conclusion'
          and m.scope_id in (select readable(readers_of(here))))) then
    return;
  end if;
  insert into memory (scope_id, key, kind, text, quote, said_by, valid_from, confidence, found_by, night)
  select here, name, 'conclusion', said, '', '', max(valid_from), sure, 'model', tonight from memory m where m.id = any(premises)
  on conflict (scope_id, key) do nothing returning memory.id into made;
  if made is null then
    return query select m.id, false from memory m where m.scope_id = here and m.key = name;
    return;
  end if;
  insert into memory_premise (scope_id, memory_id, premise_id, premise_scope)
  select here, made, m.id, m.scope_id from memory m where m.id = any(premises);
  insert into memory_source (scope_id, memory_id, message_id, revision)
  select here, made, message_id, max(revision) from memory_source where memory_id = any(premises) group by message_id;
  return query select made, true;
end $$;

-- What a reader of memories is told with each of them, as far as they may read it.
create function nightdesk.sources_of(memory bigint) returns jsonb language sql stable as $$
  select jsonb_agg(jsonb_build_object('scope', s.key, 'key', g.key, 'medium', g.medium, 'message_id', g.facts ->> 'message_id')
    order by g.sent_at, g.key, s.key)
  from nightdesk.memory_source ms join nightdesk.message g on g.id = ms.message_id join nightdesk.scope s on s.id = g.scope_id
  where ms.memory_id = memory
$$;
create function nightdesk.premises_of(memory bigint) returns bigint[] language sql stable as $$
  select array_agg(premise_id order by premise_id) from nightdesk.memory_premise where memory_id = memory
$$;
create function nightdesk.contradicting(memory bigint) returns bigint[] language sql stable as $$
  select array_agg(other.id order by other.id)
  from nightdesk.memory_relation r join nightdesk.memory other on other.id in (r.newer, r.older) and other.id <> memory
  where memory in (r.newer, r.older) and r.relation = 'contradicts' and not r.undone and other.valid_to is null
$$;
-- Whether an older memory that holds at a moment says the same.
create function nightdesk.said_before(memory bigint, moment timestamptz) returns boolean language sql stable as $$
  select exists (
    select from nightdesk.memory_relation r join nightdesk.memory o on o.id = r.older
    where r.newer = memory and r.relation = 'same' and not r.undone
      and o.valid_from <= moment and (o.valid_to is null or o.valid_to > moment))
$$;

-- Ids about a question within the viewer's scopes, best first: what holds at a moment, and with `past` also what held before
-- it, with `concluded` also what was concluded. Each word counts by its rarity, all of them up to twice as much the more of the question is met. Rarity counts what the
-- viewer may read: a hidden row cannot move a rank. What says the same as an older one that holds is left out.
create function nightdesk.found_memories(question text, lang text, most int, moment timestamptz, past boolean, concluded boolean)
returns table (memory_id bigint, score real)
language sql stable security definer set search_path = nightdesk, pg_catalog, pg_temp
set join_collapse_limit = 1 set enable_seqscan = off as $$
  with seen as materialized (select array_agg(id) ids from nightdesk.readable(nightdesk.audience()) id),
  q as materialized (select * from question_words(question, lang)),
  st as (
    select count(*)::real n from memory, seen
    where scope_id = any(seen.ids) and kind <> 'conclusion' and valid_from <= moment),
  p as materialized (
    select distinct m.id, q.word
    from q cross join seen join memory_posting using (term) join memory m on m.id = memory_posting.memory_id
    where memory_posting.scope_id = any(seen.ids) and m.valid_from <= moment
      and (past or m.valid_to is null or m.valid_to > moment)
      and (m.kind <> 'conclusion' or concluded and not exists (
        select from memory_premise r where r.memory_id = m.id and not r.premise_scope = any(seen.ids)))
      and not said_before(m.id, moment)),
  df as (select word, count(*)::real df from p group by word),
  rare as (select word, ln(1 + (greatest(st.n, df.df) - df.df + .5) / (df.df + .5)) idf from df cross join st),
  whole as (select sum(idf order by word) idf from rare),
  h as (
    select p.id, sum(rare.idf order by p.word) * (1 + sum(rare.idf order by p.word) / whole.idf) sc
    from p join rare using (word) cross join whole group by p.id, whole.idf)
  select h.id, h.sc::real from h join memory m on m.id = h.id join scope on scope.id = m.scope_id
  order by 2 desc, m.valid_from desc, scope.key, m.text, m.key limit most
$$;

-- What earlier versions kept.
update nightdesk.memory set forgotten_at = valid_to where valid_to is not null and superseded_by is null;
insert into nightdesk.memory_relation (scope_id, newer, older, relation)
select scope_id, superseded_by, id, 'supersedes' from nightdesk.memory where superseded_by is not null;
insert into nightdesk.memory_posting (term, scope_id, memory_id)
select distinct 'en:' || lexeme, m.scope_id, m.id
from nightdesk.memory m, unnest(to_tsvector('pg_catalog.english', m.text || ' ' || m.quote)) where length(lexeme) <= 200;

revoke execute on function nightdesk.settle_memories from public;
