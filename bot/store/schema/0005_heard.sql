-- What comes in event by event: whether it belongs to an answer of ours, and an index that follows single messages.

-- Whether we answered a message, or anything in its thread, or it handed us an errand: yes or no, for whoever decides who waits for an answer.
create function nightdesk.answered(place text, message text, thread text) returns boolean
language sql stable security definer set search_path = nightdesk, pg_temp as $$
  select exists (select from outbox where key = 'answer/' || place || '/' || message)
    or thread <> '' and exists (
      select from outbox where channel = place and thread_ts = thread and starts_with(key, 'answer/'))
    or exists (select from errand where channel = place and value ->> 'asked' = message)
$$;

-- Where we said something in a channel's threads; never what.
create function nightdesk.posted_in(place text) returns table (thread_ts text, ts text)
language sql stable security definer set search_path = nightdesk, pg_temp as $$
  select thread_ts, ts from outbox where channel = place and thread_ts <> '' and ts <> '' and reader = ''
$$;

create index on nightdesk.slack_event (channel, ts) where ts <> '';

-- When a thread was last compared with Slack, from its root to its end. No content.
create table nightdesk.thread_read (
  scope_id int not null references nightdesk.scope,
  thread text not null,
  at timestamptz not null,
  primary key (scope_id, thread)
);
call nightdesk.guard('nightdesk.thread_read');

-- What changed since the index was brought up to date: in which thread and when, before and after the change. No content.
create table nightdesk.unindexed (
  scope_id int not null,
  message_id bigint not null,
  thread text not null,
  at timestamptz not null,
  primary key (scope_id, message_id, thread, at)
);
call nightdesk.guard('nightdesk.unindexed');

create function nightdesk.note_unindexed() returns trigger
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    insert into unindexed select scope_id, id, thread, sent_at from fresh on conflict do nothing;
  elsif tg_op = 'DELETE' then
    insert into unindexed select scope_id, id, thread, sent_at from past on conflict do nothing;
  else
    insert into unindexed
    select fresh.scope_id, fresh.id, place.thread, place.at
    from fresh join past using (id) cross join lateral (
      values (fresh.thread, fresh.sent_at), (past.thread, past.sent_at)) place(thread, at)
    where fresh.revision <> past.revision or fresh.thread <> past.thread or fresh.sent_at <> past.sent_at
      or (fresh.deleted_at is null) <> (past.deleted_at is null)
    on conflict do nothing;
  end if;
  return null;
end $$;
create trigger note_added after insert on nightdesk.message referencing new table as fresh
  for each statement execute function nightdesk.note_unindexed();
create trigger note_changed after update on nightdesk.message referencing new table as fresh old table as past
  for each statement execute function nightdesk.note_unindexed();
create trigger note_removed after delete on nightdesk.message referencing old table as past
  for each statement execute function nightdesk.note_unindexed();

-- Whatever an interrupted import left behind.
insert into nightdesk.unindexed
select m.scope_id, m.id, m.thread, m.sent_at from nightdesk.message m left join nightdesk.turn t on t.message_id = m.id
where (t.message_id is null) <> (m.deleted_at is not null or m.text = '') or t.revision <> m.revision;

-- Words of these messages of one scope, as far as they changed. Joined with the list: compared with it, each row goes through
-- it from its beginning. They are found by their ids, and only then asked for their scope (`+ 0` hides it from the planner):
-- before there are statistics a planner takes a scope for small, and goes through all of it for each id.
create function nightdesk.index_words(here int, changed bigint[]) returns int
language plpgsql set search_path = nightdesk, pg_catalog, pg_temp as $$
declare
  stale bigint[];
begin
  select array_agg(m.id) into stale
  from unnest(changed) one join message m on m.id = one left join turn t on t.message_id = m.id
  where m.scope_id + 0 = here
    and ((t.message_id is null) <> (m.deleted_at is not null or m.text = '') or t.revision <> m.revision);
  delete from posting using unnest(stale) one where message_id = one;
  delete from turn using unnest(stale) one where message_id = one;
  -- What only asked us something is found by no word: it resembles the next question most, and answers nothing.
  with spoken as (
    select m.id, m.sent_at, m.revision, left(words_of(m.lang)::text, 2) as config,
      coalesce((m.facts ->> 'asks_us')::boolean, false) as asks_us,
      case m.medium when 'mail' then 't:' || m.thread else '' end as session, -- a mail never stands outside of threads
      to_tsvector(words_of(m.lang), '(' || to_char(m.sent_at, 'FMDD FMMonth YYYY') || ') ' || m.author_name || ': '
        || coalesce(m.facts ->> 'subject', '') || ' ' || m.text) as words
    from unnest(stale) one join message m on m.id = one where m.deleted_at is null and m.text <> ''),
  posted as (
    insert into posting (term, scope_id, message_id, tf)
    select config || ':' || lexeme, here, id, least(array_length(positions, 1), 32000)
    from spoken, unnest(words) where length(lexeme) <= 200 and not asks_us)
  insert into turn (scope_id, message_id, session, at, length, revision)
  select here, id, session, sent_at, coalesce((
    select sum(least(array_length(positions, 1), 32000)) from unnest(words) where length(lexeme) <= 200 and not asks_us), 1),
    revision
  from spoken;
  return coalesce(array_length(stale, 1), 0);
end $$;

-- Sessions of a whole scope: threads, and what stands outside of threads cut at gaps of an hour.
create function nightdesk.place_all(here int) returns void
language sql set search_path = nightdesk, pg_catalog, pg_temp set enable_nestloop = off as $$
  with placed as (
    select m.id, m.thread, m.sent_at, m.medium = 'mail' or count(*) over (partition by m.thread) > 1 as threaded
    from message m where m.scope_id = here and m.deleted_at is null and m.text <> ''),
  cut as (
    select *, (sent_at - lag(sent_at) over (partition by threaded order by sent_at, id) > interval '60 minutes')::int gap
    from placed),
  named as (
    select id, case when threaded then 't:' || thread else 'r:' || first_value(sent_at) over (
        partition by threaded, run order by sent_at, id)::text end as session
    from (select *, sum(coalesce(gap, 0)) over (partition by threaded order by sent_at, id) run from cut) runs)
  update turn set session = named.session
  from named where turn.message_id = named.id and turn.session <> named.session
$$;

-- The same, where only the runs around some moments can have changed. A run is looked at from an hour before the first of
-- them on: what is before that keeps its name, and gives it to what follows without a gap.
create function nightdesk.place_around(here int, moments timestamptz[]) returns void
language sql set search_path = nightdesk, pg_catalog, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
  with near as (
    select t.session, min(moment) - interval '60 minutes' as low
    from unnest(moments) moment
    join message m on m.scope_id = here
      and m.sent_at between moment - interval '60 minutes' and moment + interval '60 minutes'
    join turn t on t.message_id = m.id and starts_with(t.session, 'r:')
    group by t.session),
  loose as (
    select t.message_id, t.at, t.session, false as goes_on from turn t where t.scope_id = here and t.session = ''
    union all
    select t.message_id, t.at, t.session,
      row_number() over (partition by t.session order by t.at, t.message_id) = 1
        and exists (select from turn b where b.scope_id = here and b.session = t.session and b.at < near.low)
    from near join turn t on t.scope_id = here and t.session = near.session and t.at >= near.low),
  cut as (
    select *, goes_on or coalesce(at - lag(at) over (order by at, message_id) > interval '60 minutes', true) as begins
    from loose),
  runs as (select *, sum(begins::int) over (order by at, message_id) as run from cut),
  named as (
    select message_id, first_value(case when goes_on then session else 'r:' || at::text end) over (
      partition by run order by at, message_id) as session
    from runs)
  update turn set session = named.session
  from named where turn.message_id = named.message_id and turn.session <> named.session
$$;

-- After few changes only what they touch is looked at. Row by row along indexes: a scan of all would cost more than all else.
-- Planned at each call, here and below: a plan for one message that a connection remembers takes minutes for thousands.
create function nightdesk.index_few(here int, changed bigint[], threads text[], moments timestamptz[]) returns int
language plpgsql set search_path = nightdesk, pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  count int := index_words(here, changed);
  also timestamptz[];
begin
  -- What came into a thread or out of one leaves a run or joins one: there, too, runs are looked at again.
  with touched as (
    select m.id, m.thread, m.sent_at, m.medium = 'mail' or count(*) over (partition by m.thread) > 1 as threaded
    from unnest(threads) one join message m on m.thread = one
    where m.scope_id = here and m.deleted_at is null and m.text <> ''),
  moved as (
    update turn set session = case when threaded then 't:' || thread else '' end
    from touched, turn old
    where turn.message_id = touched.id and old.message_id = touched.id
      and (threaded and turn.session <> 't:' || thread or not threaded and starts_with(turn.session, 't:'))
    returning old.session as was, touched.sent_at, threaded)
  select array_agg(sent_at) filter (where starts_with(was, 'r:') or not threaded) into also from moved;
  perform place_around(here, moments || coalesce(also, '{}'));
  return count;
end $$;

-- After many changes all of the scope is. What was just imported is in no statistics, and a planner that expects one row
-- compares each with each.
create function nightdesk.index_many(here int, changed bigint[]) returns int
language plpgsql set search_path = nightdesk, pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
set enable_nestloop = off as $$
declare
  count int := index_words(here, changed);
begin
  perform place_all(here);
  return count;
end $$;

-- Of an account: which thread a mail is in is all that its session depends on.
create function nightdesk.index_mails(here int, changed bigint[]) returns int
language plpgsql set search_path = nightdesk, pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  count int := index_words(here, changed);
begin
  update turn set session = 't:' || m.thread from unnest(changed) one join message m on m.id = one
  where turn.message_id = m.id and turn.session <> 't:' || m.thread;
  return count;
end $$;

-- Brings the index of the writer's scope up to date with what changed: new, edited and deleted messages, threads that grew.
create or replace function nightdesk.index_scope() returns int
language plpgsql security definer set search_path = nightdesk, pg_catalog, pg_temp as $$
declare
  here int := nightdesk.writable(nightdesk.audience());
  changed bigint[];
  threads text[];
  moments timestamptz[];
begin
  if here is null then
    raise insufficient_privilege using message = 'no writable scope';
  end if;
  -- Two at once would index the same message twice; what the other one has committed is seen afterwards.
  perform pg_advisory_xact_lock(hashtext('nightdesk.index_scope'), here);
  with gone as (delete from unindexed where scope_id = here returning message_id, thread, at)
  select array_agg(distinct message_id), array_agg(distinct thread), array_agg(distinct at) into changed, threads, moments
  from gone;
  if changed is null then
    return 0;
  end if;
  if exists (select from scope where id = here and kind = 'account') then
    return index_mails(here, changed);
  end if;
  if cardinality(changed) <= 500 then
    return index_few(here, changed, threads, moments);
  end if;
  return index_many(here, changed);
end $$;
