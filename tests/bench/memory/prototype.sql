-- prototype_tables --
-- The statement that retrieval was designed with, and its tables: English only, no rights, every word of the question.
create schema prototype;
create table prototype.turn (ci int, session text, ti int, dl int);
create table prototype.posting (term text, ci int, ti int, tf int);

-- prototype_fill --
with spoken as (
  select turn.scope_id ci, turn.session, row_number() over (partition by turn.scope_id order by turn.at, message.id)::int ti,
    to_tsvector('english', '(' || to_char(message.sent_at, 'FMDD FMMonth YYYY') || ') ' || message.author_name || ': '
      || message.text) words
  from nightdesk.turn join nightdesk.message on message.id = turn.message_id),
posted as (
  insert into prototype.posting
  select lexeme, ci, ti, array_length(positions, 1) from spoken, unnest(words) returning ci, ti, tf)
insert into prototype.turn
select ci, session, ti, (select sum(tf) from posted where posted.ci = spoken.ci and posted.ti = spoken.ti) from spoken;

-- prototype_index --
create index on prototype.posting (term, ci) include (ti, tf);
create index on prototype.turn (ci, session, ti);
analyze prototype.posting;
analyze prototype.turn;

-- prototype_recall --
with q as (select distinct lexeme term from unnest(to_tsvector('english', %(question)s))),
st as (select count(*)::real n, avg(dl) avgdl from prototype.turn where ci = %(scope)s),
p as materialized (
  select p.ci, p.ti, p.term, p.tf from prototype.posting p join q using (term) where p.ci = %(scope)s),
df as (select term, count(*)::real df from p group by term),
h as (
  select p.ci, p.ti, t.session,
    sum(ln(1 + (st.n - df.df + .5) / (df.df + .5)) * p.tf / (p.tf + .9 * (.6 + .4 * t.dl / st.avgdl))) sc
  from p join df using (term) join prototype.turn t on t.ci = p.ci and t.ti = p.ti cross join st group by 1, 2, 3),
m as (select max(sc) mx from h),
s as (
  select ci, session, sum(sc) filter (where rn <= 3) / 3 sp
  from (select *, row_number() over (partition by ci, session order by sc desc) rn from h) x group by 1, 2),
sm as (select max(sp) mx from s),
top as (select ci, session, sp / sm.mx sp from s, sm order by sp desc limit 20),
b as (
  select t.ci, t.session, t.ti, coalesce(h.sc, 0) / m.mx + .4 * top.sp sc
  from top join prototype.turn t using (ci, session) left join h on h.ci = t.ci and h.ti = t.ti cross join m),
f as (
  select ci, ti, sc + .3 * (coalesce(lag(sc) over w, 0) + coalesce(lead(sc) over w, 0)) sc
  from b window w as (partition by ci, session order by ti))
select ti from f order by sc desc, ci, ti limit 50
