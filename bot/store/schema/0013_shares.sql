-- What each person and each place may spend on a date: shared out before the night, so that nobody's mail changes another's.

create table nightdesk.share (
  scope_id int not null references nightdesk.scope, -- a person's desk, or a channel; the workspace's own is spare
  night date not null,
  money numeric not null,
  primary key (night, scope_id)
);
call nightdesk.guard('nightdesk.share');

-- Shares the money of a workspace's day out, once: an equal part for each head and one to spare. Of a part that belongs to
-- somebody who is in channels, two fifths are for those, because what is read there is read for them.
create function nightdesk.share_out(day date, whole numeric, most numeric) returns void
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('share/' || day::text, 0));
  if exists (select from share where night = day) then
    return;
  end if;
  insert into share (scope_id, night, money)
  with head as (
    select desk.id as desk, person.id, array_agg(channel.id) filter (where channel.id is not null) as reads
    from person join scope desk on desk.kind = 'person' and desk.owner_id = person.id
    left join member on member.person_id = person.id
    left join scope channel on channel.id = member.scope_id and not channel.archived
    where person.active and (person.role in ('member', 'guest')
      or exists (select from scope account where account.kind = 'account' and account.owner_id = person.id))
    group by desk.id, person.id),
  part as (select trunc(whole / (count(*) + 1), 9) as money from head)
  select scope.id, day, part.money from scope, part where scope.kind = 'workspace'
  union all
  select head.desk, day, least(most, case when reads is null then part.money else trunc(part.money * .6, 9) end) from head, part
  union all
  select place, day, least(most, sum(trunc(part.money * .4 / cardinality(reads), 9)))
  from head, part, unnest(reads) place group by place;
end $$;

-- The share of one person or place. Who came after the day was shared out gets half of what is spare.
create function nightdesk.share_of(here int, day date, whole numeric, most numeric) returns numeric
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
declare
  mine numeric := (select money from share where night = day and scope_id = here);
begin
  if mine is null then
    perform share_out(day, whole, most);
    update share set money = money - trunc(money / 2, 9) from scope
    where night = day and scope.id = share.scope_id and scope.kind = 'workspace'
      and not exists (select from share where night = day and scope_id = here);
    insert into share (scope_id, night, money)
    select here, day, least(most, money) from share join scope on scope.id = share.scope_id
    where night = day and scope.kind = 'workspace' on conflict do nothing;
    mine := (select money from share where night = day and scope_id = here);
  end if;
  return mine;
end $$;
