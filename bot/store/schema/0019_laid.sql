-- What a question finds costs by how much that is, not by that times what stands around it, and is planned once a connection.

-- Ids about a question within the viewer's scopes, best first. A message's own strength is BM25 (k1 .9, b .4) over "(date)
-- Speaker: text", up to twice as much the more of the question it meets. To that comes half of the
-- strength of the best fact that a night noted of it, by the rarity of words among facts: facts are more keys to a message and
-- never stand for it. To that come .3 x its session's strength, .3 x each
-- neighbour, .2 x each neighbour's neighbour, and .2 where the question names who wrote it: weights that four of five long
-- conversations choose for the fifth (tests/bench/memory). Of sessions the best 60 count: more than anybody asks for, because
-- what was said alone is a session too. Word rarity counts visible rows only, and what is added up is added up in one order,
-- because in another the last digit differs: a hidden row cannot move a rank. In a short question a word of five letters or more
-- that meets nothing is read as the most usual of the viewer's own words that is one slip away: what they may not read is no
-- word of theirs. A definer function because the text operators do
-- not use an index under row-level security; it returns ids alone, and the caller reads the rows under the rule.
create or replace function nightdesk.found_items(question text, lang text, most int, until timestamptz)
returns table (message_id bigint, score real)
language sql stable security definer set search_path = nightdesk, pg_catalog, pg_temp
-- Words and scopes first, as written, then the index that needs both: what others have stored costs nothing.
set join_collapse_limit = 1 set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
  with seen as materialized (select array_agg(id) ids from nightdesk.readable(nightdesk.audience()) id),
  q as materialized (select * from question_words(question, lang)),
  st as (select count(*)::real n, avg(length)::real len from turn, seen where scope_id = any(seen.ids) and at <= until),
  met as materialized (
    select posting.message_id, q.word, tf, turn.scope_id, turn.session, turn.length
    from q cross join seen join posting using (term) join turn on turn.message_id = posting.message_id
    where posting.scope_id = any(seen.ids) and turn.at <= until),
  said as materialized (
    select lexeme, stem(lang, lexeme) word from unnest(to_tsvector('simple', question))
    where stem(lang, lexeme) is not null),
  unmet as (
    select lexeme, word from said
    where lexeme ~ '^[[:alpha:]]{5,20}$' and not word in (select word from met) and (select count(*) from said) <= 12
    order by length(lexeme) desc, lexeme limit 3),
  spoken as materialized (
    select distinct left(words_of(indexed)::text, 2) || ':' prefix, (words_of(indexed)::text || '_stem')::regdictionary dictionary
    from unnest(array[lang, 'en']) indexed),
  slip as materialized (
    select distinct unmet.word, prefix || (ts_lexize(dictionary, near))[1] term
    from unmet cross join slips(lexeme, lang) near cross join spoken),
  heard as materialized (
    select slip.word, slip.term, posting.message_id, tf, turn.scope_id, turn.session, turn.length
    from slip cross join seen join posting using (term) join turn on turn.message_id = posting.message_id
    where posting.scope_id = any(seen.ids) and turn.at <= until),
  meant as (
    select distinct on (word) word, term from heard group by word, term order by word, count(*) desc, term),
  p as materialized (
    select message_id, word, sum(tf) tf, scope_id, session, length
    from (
      select * from met
      union all select message_id, word, tf, scope_id, session, length from meant join heard using (word, term)) found
    group by message_id, word, scope_id, session, length),
  df as (select word, count(*)::real df from p group by word),
  rare as (
    select word, ln(1 + (st.n - df.df + .5) / (df.df + .5)) idf from df cross join st order by df.df, word limit 12),
  whole as (select sum(idf order by word) idf from rare),
  own as (
    select p.message_id, p.scope_id, p.session,
      sum(rare.idf * p.tf / (p.tf + .9 * (.6 + .4 * p.length / st.len)) order by p.word)
        * (1 + sum(rare.idf order by p.word) / whole.idf) sc
    from p join rare using (word) cross join st cross join whole group by 1, 2, 3, whole.idf),
  told as materialized (
    select distinct posted.memory_id, q.word
    from q cross join seen join memory_posting posted using (term) join memory on memory.id = posted.memory_id
    where posted.scope_id = any(seen.ids) and memory.valid_from <= until and memory.kind <> 'conclusion'
      and memory.forgotten_at is null),
  known as (
    select count(*)::real n from memory, seen where scope_id = any(seen.ids) and valid_from <= until and kind <> 'conclusion'),
  often as (
    select word, ln(1 + (greatest(known.n, count(*)) - count(*) + .5) / (count(*) + .5)) idf
    from told cross join known group by word, known.n),
  every as (select sum(idf order by word) idf from often),
  fact as (
    select memory_id, sum(often.idf order by word) * (1 + sum(often.idf order by word) / every.idf) sc
    from told join often using (word) cross join every group by memory_id, every.idf),
  keyed as (
    select message_id, max(fact.sc) sc from fact join memory_source using (memory_id) group by message_id),
  h as (
    select message_id, turn.scope_id, turn.session, turn.at,
      coalesce(own.sc / (select max(sc) from own), 0) + .5 * coalesce(keyed.sc / (select max(sc) from keyed), 0) sc
    from own full join keyed using (message_id) join turn using (message_id) where turn.at <= until),
  m as materialized (select max(sc) mx from h),
  s as (
    select scope_id, session, sum(sc order by rn) filter (where rn <= 3) / 3 sp
    from (select *, row_number() over (partition by scope_id, session order by sc desc) rn from h) x group by 1, 2),
  sm as (select max(sp) mx from s),
  best as (select scope_id, session, sp / sm.mx sp from s, sm order by sp desc, scope_id, session limit 60),
  -- Turns and hits are laid together: joined, each turn would be held against every hit.
  laid as (
    select scope_id, session, at, message_id, 0 sc from best join turn using (scope_id, session) where at <= until
    union all select scope_id, session, at, message_id, sc from h),
  b as (
    select scope_id, session, at, message_id, max(sc) / m.mx + .3 * best.sp sc
    from laid join best using (scope_id, session) cross join m group by 1, 2, 3, 4, m.mx, best.sp),
  f as (
    select scope_id, message_id, at, sc + .3 * (coalesce(lag(sc) over w, 0) + coalesce(lead(sc) over w, 0))
      + .2 * (coalesce(lag(sc, 2) over w, 0) + coalesce(lead(sc, 2) over w, 0)) sc
    from b window w as (partition by scope_id, session order by at, message_id)),
  asked as materialized (select tsvector_to_array(to_tsvector('simple', question)) words),
  written as materialized (
    select f.scope_id, f.message_id, f.at, f.sc, message.author_name from f join message on message.id = f.message_id),
  named as materialized (
    select author_name from (select distinct author_name from written) author, asked
    where tsvector_to_array(to_tsvector('simple', author_name)) && asked.words)
  -- What ranks the same comes by where and when it was said, whichever row was written first.
  select written.message_id, (written.sc + case when named.author_name is null then 0 else .2 end)::real
  from written left join named using (author_name) join scope on scope.id = written.scope_id
  order by 2 desc, scope.key, written.at, 1 limit most
$$;

alter function nightdesk.found_memories(text, text, int, timestamptz, boolean, boolean) set plan_cache_mode = force_generic_plan;
