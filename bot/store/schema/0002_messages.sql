-- Messages of Slack and mail, their earlier versions, and the index that finds them.
create table nightdesk.message (
  id bigint generated always as identity primary key,
  scope_id int not null references nightdesk.scope,
  key text not null,                    -- Slack: ts; mail: mailbox/Message-ID
  medium text not null check (medium in ('slack', 'mail')),
  thread text not null,
  author_key text not null,
  author_name text not null,
  author_address text not null default '',
  author_kind text not null,
  sent_at timestamptz not null,
  edited_at timestamptz,
  day date,                             -- of the export's file that last held it
  text text not null,
  mentions text[] not null default '{}',
  facts jsonb not null,                 -- MailFacts or SlackFacts
  lang text not null default 'en',
  revision int not null default 1,
  hash bytea not null,                  -- of the source's bytes: an unchanged import does nothing
  deleted_at timestamptz,
  noted_revision int not null default 0, -- the revision that a night has read for memories
  unique (scope_id, key)
);
create index on nightdesk.message (scope_id, thread);
create index on nightdesk.message (scope_id, sent_at);
create index on nightdesk.message (scope_id) where noted_revision <> revision;

create table nightdesk.message_version (
  scope_id int not null references nightdesk.scope,
  message_id bigint not null references nightdesk.message on delete cascade,
  revision int not null,
  text text not null,
  facts jsonb not null,
  replaced_at timestamptz not null default now(),
  primary key (message_id, revision)
);

-- What could not be read, and why. Never the thing itself.
create table nightdesk.quarantine (
  scope_id int not null references nightdesk.scope,
  key text not null,
  reason text not null,
  at timestamptz not null default now(),
  primary key (scope_id, key)
);

-- One row a message that can be found. A session is a thread, or a channel's run without a 60-minute gap.
create table nightdesk.turn (
  scope_id int not null,                -- of its message, whose reference is checked
  message_id bigint primary key references nightdesk.message on delete cascade,
  session text not null,
  at timestamptz not null,
  length int not null,
  revision int not null
);
create index on nightdesk.turn (scope_id, session, at, message_id);

create table nightdesk.posting (
  term text not null,                   -- 'ge:stem': a stem of one language finds messages of that language alone
  scope_id int not null,
  message_id bigint not null,           -- goes with its message by `forget_derived`: a key checked for each word costs a third
  tf smallint not null
);
create index on nightdesk.posting (term, scope_id) include (message_id, tf);
create index on nightdesk.posting (message_id);

call nightdesk.guard('nightdesk.message');
call nightdesk.guard('nightdesk.message_version');
call nightdesk.guard('nightdesk.quarantine');
call nightdesk.guard('nightdesk.turn');
call nightdesk.guard('nightdesk.posting');

create function nightdesk.words_of(lang text) returns regconfig language sql immutable as $$
  select (case lang when 'de' then 'german' when 'fr' then 'french' when 'es' then 'spanish' when 'it' then 'italian'
    when 'nl' then 'dutch' when 'pt' then 'portuguese' else 'english' end)::regconfig
$$;

-- One lower-case word as `to_tsvector` of that language indexes it; null for a stop word. Addresses have no stem.
create function nightdesk.stem(lang text, word text) returns text language sql stable as $$
  select case when word ~ '[@./:]' then word
    else (ts_lexize((nightdesk.words_of(lang)::text || '_stem')::regdictionary, word))[1] end
$$;

-- A question's words without the stop words of its own language, each with its stem in every language that messages are
-- indexed in. Never AND them: 96 of 100 questions find nothing then.
create function nightdesk.question_words(question text, lang text)
returns table (word text, term text) language sql stable rows 60 set search_path = nightdesk, pg_catalog, pg_temp as $$
  select distinct stem(lang, lexeme), left(words_of(indexed)::text, 2) || ':' || stem(indexed, lexeme)
  from unnest(to_tsvector('simple', question)), unnest(array['en', 'de', 'fr', 'es', 'it', 'nl', 'pt']) indexed
  where stem(lang, lexeme) is not null and stem(indexed, lexeme) is not null
$$;

-- Brings the index of the writer's scope up to date: new, edited and deleted messages, then the sessions.
create function nightdesk.index_scope() returns int
language plpgsql security definer set search_path = nightdesk, pg_catalog, pg_temp as $$
declare
  here int := nightdesk.writable(nightdesk.audience());
  stale bigint[];
begin
  if here is null then
    raise insufficient_privilege using message = 'no writable scope';
  end if;
  -- Two at once would index the same message twice; what the other one has committed is seen afterwards.
  perform pg_advisory_xact_lock(hashtext('nightdesk.index_scope'), here);
  select array_agg(m.id) into stale
  from message m left join turn t on t.message_id = m.id
  where m.scope_id = here and (t.message_id is null) <> (m.deleted_at is not null or m.text = '')
     or m.scope_id = here and t.revision <> m.revision;
  delete from posting where message_id = any(stale);
  delete from turn where message_id = any(stale);
  with spoken as (
    select m.id, m.sent_at, m.revision, left(words_of(m.lang)::text, 2) as config,
      to_tsvector(words_of(m.lang), '(' || to_char(m.sent_at, 'FMDD FMMonth YYYY') || ') ' || m.author_name || ': '
        || coalesce(m.facts ->> 'subject', '') || ' ' || m.text) as words
    from message m where m.id = any(stale) and m.deleted_at is null and m.text <> ''),
  posted as (
    insert into posting (term, scope_id, message_id, tf)
    select config || ':' || lexeme, here, spoken.id, least(array_length(positions, 1), 32000)
    from spoken, unnest(spoken.words) where length(lexeme) <= 200
    returning message_id, tf),
  counted as (select message_id, sum(tf)::int length from posted group by message_id)
  insert into turn (scope_id, message_id, session, at, length, revision)
  select here, spoken.id, '', spoken.sent_at, coalesce(counted.length, 1), spoken.revision
  from spoken left join counted on counted.message_id = spoken.id;
  -- Threads are sessions; what stands outside a thread is cut at gaps of an hour.
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
  from named where turn.message_id = named.id and turn.session <> named.session;
  return coalesce(array_length(stale, 1), 0);
end $$;

-- Ids about a question within the viewer's scopes, best first: BM25 (k1 .9, b .4) over "(date) Speaker: text", plus .4 x
-- the session's strength, plus .3 x each neighbour. Word rarity counts visible rows only: a hidden row cannot move a rank.
-- A definer function because the text operators do not use an index under row-level security; it returns ids alone, and
-- the caller reads the rows under the rule.
create function nightdesk.found_items(question text, lang text, most int, until timestamptz)
returns table (message_id bigint, score real)
language sql stable security definer set search_path = nightdesk, pg_catalog, pg_temp
-- Words and scopes first, as written, then the index that needs both: what others have stored costs nothing.
set join_collapse_limit = 1 set enable_seqscan = off as $$
  with seen as materialized (select array_agg(id) ids from nightdesk.readable(nightdesk.audience()) id),
  q as materialized (select * from question_words(question, lang)),
  st as (select count(*)::real n, avg(length)::real len from turn, seen where scope_id = any(seen.ids) and at <= until),
  p as materialized (
    select posting.message_id, q.word, sum(tf) tf, turn.scope_id, turn.session, turn.length
    from q cross join seen join posting using (term) join turn on turn.message_id = posting.message_id
    where posting.scope_id = any(seen.ids) and turn.at <= until
    group by posting.message_id, q.word, turn.scope_id, turn.session, turn.length),
  df as (select word, count(*)::real df from p group by word),
  rare as (select * from df order by df, word limit 12),
  h as (
    select p.message_id, p.scope_id, p.session,
      sum(ln(1 + (st.n - rare.df + .5) / (rare.df + .5)) * p.tf / (p.tf + .9 * (.6 + .4 * p.length / st.len))) sc
    from p join rare using (word) cross join st group by 1, 2, 3),
  m as (select max(sc) mx from h),
  s as (
    select scope_id, session, sum(sc) filter (where rn <= 3) / 3 sp
    from (select *, row_number() over (partition by scope_id, session order by sc desc) rn from h) x group by 1, 2),
  sm as (select max(sp) mx from s),
  best as (select scope_id, session, sp / sm.mx sp from s, sm order by sp desc, scope_id, session limit 20),
  b as (
    select t.scope_id, t.session, t.at, t.message_id, coalesce(h.sc, 0) / m.mx + .4 * best.sp sc
    from best join turn t using (scope_id, session) left join h on h.message_id = t.message_id cross join m
    where t.at <= until),
  f as (
    select message_id, sc + .3 * (coalesce(lag(sc) over w, 0) + coalesce(lead(sc) over w, 0)) sc
    from b window w as (partition by scope_id, session order by at, message_id))
  select f.message_id, f.sc::real from f order by f.sc desc, f.message_id limit most
$$;
