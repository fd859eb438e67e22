-- What is forgotten: messages of people who want none of theirs used, a person altogether, and text that has become old.

-- Whose words are not kept. Under a key, because who was erased is named nowhere.
create table nightdesk.silent (
  mark bytea primary key,
  why text not null check (why in ('left out', 'erased')),
  at timestamptz not null default now()
);

-- A Slack id or a mail address as `silent` knows it.
create function nightdesk.mark_of(said text) returns bytea
language sql stable security definer set search_path = nightdesk, pg_temp as $$
  select sha256(outer_pad || sha256(inner_pad || convert_to('silent|' || lower(said), 'UTF8'))) from secret
$$;

create function nightdesk.why_silent(said text) returns text
language sql stable security definer set search_path = nightdesk, pg_temp as $$
  select why from silent where mark = mark_of(said)
$$;

-- Only a transaction of that very person decides about them.
create function nightdesk.require_self(whose bigint) returns void
language plpgsql stable security definer set search_path = nightdesk, pg_temp as $$
begin
  if audience() is distinct from 'u:' || whose then
    raise insufficient_privilege using message = 'another person''s words';
  end if;
end $$;

-- What somebody says to us, in their DM with us or by naming us: they want it used, whatever else they want left out.
create function nightdesk.is_to_us(here int, mentions text[]) returns boolean
language sql stable security definer set search_path = nightdesk, pg_temp as $$
  select exists (select from workspace where bot_user <> '' and bot_user = any(mentions))
    or exists (select from scope join person on person.dm <> '' and scope.key = 'channel:' || person.dm where scope.id = here)
$$;

-- Whichever way a message comes, an import, an event or history: of who is silent only the place of its words is kept.
create function nightdesk.keep_silent() returns trigger
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
declare
  reason text;
begin
  if new.medium <> 'slack' or new.deleted_at is not null or not exists (select from silent) then
    return new;
  end if;
  reason := why_silent(new.author_key);
  if reason = 'erased' or reason = 'left out' and not is_to_us(new.scope_id, new.mentions) then
    new.text := '';
    new.mentions := '{}';
    new.facts := '{}';
    new.author_name := '';
    new.author_key := case when reason = 'erased' then '' else new.author_key end;
    new.deleted_at := clock_timestamp();
  end if;
  return new;
end $$;
create trigger keep_silent before insert on nightdesk.message for each row execute function nightdesk.keep_silent();

-- Who was erased is in the directory as nobody, as long as Slack lists them.
create function nightdesk.keep_nameless() returns trigger
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  if why_silent(coalesce(new.slack_id, new.key)) = 'erased' then
    new.name := 'Somebody';
    new.short_names := '{}';
    new.zone := null;
    new.shown := '';
    new.email := '';
    new.active := false;
  end if;
  return new;
end $$;
create trigger keep_nameless before insert on nightdesk.person for each row execute function nightdesk.keep_nameless();

create function nightdesk.keep_addressless() returns trigger
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  return case when why_silent(new.address) = 'erased' then null else new end;
end $$;
create trigger keep_addressless before insert on nightdesk.address for each row execute function nightdesk.keep_addressless();

-- Words of these messages go, with all that was concluded from them; a row stays, so that nobody brings them back.
create function nightdesk.unsay(ids bigint[]) returns void
language sql security definer set search_path = nightdesk, pg_temp as $$
  update message set deleted_at = now(), changed_at = clock_timestamp(), text = '', mentions = '{}', revision = revision + 1,
    facts = case medium when 'mail' then jsonb_build_object('message_id', facts ->> 'message_id') else '{}' end,
    author_name = '', author_address = '', author_key = case medium when 'mail' then '' else author_key end
  where id = any(ids) and deleted_at is null
$$;

-- None of a person's messages in Slack are used from now on, except what they say to us; `erased`: not even that.
create function nightdesk.be_silent(whose bigint, erased boolean) returns void
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  perform require_self(whose);
  insert into silent (mark, why)
  select mark_of(said), case when erased then 'erased' else 'left out' end
  from (select slack_id as said from person where id = whose and slack_id is not null
    union select key from person where id = whose and erased
    union select address from address where person_id = whose and erased
    union select email from person where id = whose and erased and email <> '') named
  on conflict (mark) do update set why = excluded.why, at = now() where silent.why <> 'erased';
end $$;

-- Their messages are used again, from now on.
create function nightdesk.be_heard(whose bigint) returns void
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  perform require_self(whose);
  delete from silent using person where person.id = whose and mark = mark_of(person.slack_id) and why = 'left out';
end $$;

create function nightdesk.is_left_out(whose bigint) returns boolean
language sql stable security definer set search_path = nightdesk, pg_temp as $$
  select coalesce((select why_silent(slack_id) = 'left out' from person where id = whose), false)
$$;

-- Takes back what a silent person said before, at most so many at a time; how many those were.
create function nightdesk.unsay_some(whose bigint, most int) returns int
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
declare
  one person := (select person from person where id = whose);
  ids bigint[];
begin
  perform require_self(whose);
  select array_agg(id) into ids from (
    select id from message
    where medium = 'slack' and author_key = one.slack_id and deleted_at is null
      and (why_silent(one.slack_id) = 'erased' or not is_to_us(scope_id, mentions))
    order by id limit most) found;
  perform unsay(ids);
  return coalesce(cardinality(ids), 0);
end $$;

-- --- a scope, a person ---------------------------------------------------------------------------

-- Jobs for these scopes, for a person, and for what is named after them.
create function nightdesk.drop_jobs(scopes int[], whose bigint, called text) returns void
language sql security definer set search_path = public, pg_temp as $$
  delete from procrastinate_jobs where status <> 'doing' and ((args ->> 'scope')::int = any(scopes)
    or args ->> 'person' = whose::text
    or concat_ws(' ', args ->> 'key', lock, queueing_lock) || '/' like '%/' || called || '/%')
$$;

-- These runs begin anew: what their workers have read may be gone.
create function nightdesk.begin_anew(ids text[]) returns void
language sql security definer set search_path = nightdesk, pg_temp as $$
  update run set fence = fence + 1 where id = any(ids);
  delete from public.checkpoint_writes where thread_id = any(ids);
  delete from public.checkpoint_blobs where thread_id = any(ids);
  delete from public.checkpoints where thread_id = any(ids);
$$;

-- Every row of a scope goes, whichever table it stands in, messages first, so that what leaned on them falls with them.
-- What is to be said in Slack instead of what stands there stays until it is said.
create function nightdesk.empty_scopes(gone int[]) returns void
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
declare
  place record;
begin
  perform begin_anew(array(select id from run where scope_id = any(gone) or scope_id in (
    select desk.id from scope desk join scope box using (owner_id) where desk.kind = 'person' and box.id = any(gone))));
  delete from message where scope_id = any(gone);
  perform drop_jobs(gone, null, null);
  for place in
    select format('%I', relname) as name, format('%I', attname) as field from pg_class c
    join pg_attribute a on a.attrelid = c.oid and not attisdropped
    where relnamespace = 'nightdesk'::regnamespace and relkind = 'r'
      and (attname = 'scope_id' or exists (
        select from pg_constraint k where k.contype = 'f' and k.conrelid = c.oid and k.confrelid = 'scope'::regclass
          and k.conkey = array[a.attnum]))
    order by relname, attname
  loop
    execute format('delete from %s where %s = any($1)%s', place.name, place.field,
      case place.name when 'outbox' then ' and hash <> ''erased''' else '' end) using gone;
  end loop;
end $$;

-- A mailbox is disconnected: the writer's own scope is empty afterwards.
create function nightdesk.empty_account() returns void
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  if not exists (select from scope where id = writable(audience()) and kind = 'account') then
    raise insufficient_privilege using message = 'no mailbox of the writer''s';
  end if;
  perform empty_scopes(array[writable(audience())]);
end $$;

-- A person goes: their mailboxes, their desk, what they did, and their name. What they wrote was taken back before.
create function nightdesk.erase(whose bigint) returns void
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
declare
  one person := (select person from person where id = whose);
  own int[] := array(select id from scope where owner_id = whose);
  place record;
begin
  perform require_self(whose);
  perform drop_jobs(own, whose, one.key);
  -- First, because it takes back posts, which are to say something else.
  delete from message where scope_id = any(own);
  update outbox set content = '{"text": "This was erased.", "blocks": []}', hash = 'erased', redo = false, problem = '',
    state = 'wanted'
  where scope_id = any(own) and ts <> '' and reader = '';
  perform begin_anew(array(select id from run where state = 'running'));
  perform empty_scopes(own);
  for place in
    select format('%I', relname) as name, format('%I', attname) as field
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    join pg_attribute a on a.attrelid = c.oid and k.conkey = array[a.attnum]
    where k.contype = 'f' and k.confrelid = 'person'::regclass and c.oid <> 'scope'::regclass
    order by relname, attname
  loop
    execute format('delete from %s where %s = $1', place.name, place.field) using whose;
  end loop;
  update message set author_key = '', author_name = '' where medium = 'slack' and author_key = one.slack_id;
  update person set key = 'erased:' || id, slack_id = null, name = 'Somebody', short_names = '{}', zone = null, shown = '',
    active = false, settings = '{}', email = '', dm = '', home = '', met_at = null where id = whose;
  update scope set key = 'person:erased:' || whose, name = '' where owner_id = whose and kind = 'person';
  delete from scope where owner_id = whose and kind = 'account';
  perform enqueue('deliver', 'live', jsonb_build_object('scope', scope_id, 'key', key), 'post/' || key, 'deliver/' || key, 50)
  from outbox where scope_id = any(own) and state = 'wanted';
end $$;

create function nightdesk.was_erased(said text) returns boolean
language sql stable security definer set search_path = nightdesk, pg_temp as $$
  select coalesce(why_silent(said) = 'erased', false)
$$;

-- Somebody who was erased may be a person here again.
create function nightdesk.welcome(said text) returns boolean
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  delete from silent where mark = mark_of(said) and why = 'erased';
  return found;
end $$;

-- Of who was erased the last: what was said in Slack instead of our words.
create function nightdesk.forget_erased() returns void
language sql security definer set search_path = nightdesk, pg_temp as $$
  delete from outbox where hash = 'erased' and (state not in ('wanted', 'sending') or wanted_at < now() - interval '30 days')
$$;

-- --- what is held of a person ----------------------------------------------------------------------

-- All rows of their own scopes and about them, what they wrote, and what was noted of that where they may read it. Nothing
-- that is sealed.
create function nightdesk.held_of(whose bigint) returns table (kind text, held jsonb)
language plpgsql stable security definer set search_path = nightdesk, pg_temp as $$
declare
  one person := (select person from person where id = whose);
  own int[] := array(select id from scope where owner_id = whose);
  open int[] := array(select readable(audience()));
  place record;
begin
  perform require_self(whose);
  return query select 'person', to_jsonb(person) - 'home' from person where id = whose;
  return query select 'scope', to_jsonb(scope) from scope where owner_id = whose;
  return query select 'channel', jsonb_build_object('key', scope.key, 'name', scope.name)
    from member join scope on scope.id = member.scope_id where person_id = whose order by scope.key;
  for place in
    select relname as name, format('select to_jsonb(t) - ''secret'' - ''mail'' - ''stands'' - ''input'' - ''hash''
      from %I t where %s', relname, string_agg(format(case attname when 'scope_id' then '%I = any($1)' else '%I = $2' end, attname),
        ' or ' order by attname)) as query
    from pg_class c join pg_attribute a on a.attrelid = c.oid and not attisdropped
    where relnamespace = 'nightdesk'::regnamespace and relkind = 'r' and relname not in ('person', 'scope', 'member', 'posting', 'turn')
      and (attname = 'scope_id' or exists (
        select from pg_constraint k where k.contype = 'f' and k.conrelid = c.oid and k.confrelid = 'person'::regclass
          and k.conkey = array[a.attnum]))
    group by relname order by relname
  loop
    return query execute format('select %L::text, held from (%s) as found(held)', place.name, place.query) using own, whose;
  end loop;
  return query select 'said', jsonb_build_object('place', s.key, 'ts', m.key, 'at', m.sent_at, 'text', m.text, 'facts', m.facts)
    from message m join scope s on s.id = m.scope_id
    where m.medium = 'slack' and m.author_key = one.slack_id and m.deleted_at is null order by m.sent_at, m.id;
  return query select 'noted', jsonb_build_object('place', s.key, 'text', y.text, 'quote', y.quote, 'kind', y.kind,
      'valid_from', y.valid_from, 'valid_to', y.valid_to)
    from memory y join scope s on s.id = y.scope_id
    where y.said_by = one.key and y.scope_id = any(open) and not y.scope_id = any(own) order by s.key, y.key;
  return query select 'learned', jsonb_build_object('place', s.key, 'version', l.version, 'text', line ->> 'text')
    from learned_context l join scope s on s.id = l.scope_id cross join jsonb_array_elements(l.lines) line
    where l.scope_id = any(open) and not l.scope_id = any(own) and exists (
      select from jsonb_array_elements_text(line -> 'memories') id join memory y on y.id = id::bigint where y.said_by = one.key)
    order by s.key, l.version;
end $$;

-- --- what is old -----------------------------------------------------------------------------------

-- What was made of old text goes: digests, finished tasks, drafts and errands, posts (as they stand in Slack they stay), and
-- notes that no longer hold.
create function nightdesk.expire_made(before timestamptz) returns void
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  delete from digest where date < before::date;
  delete from task where state in ('done', 'settled', 'dropped') and changed_on < before::date;
  delete from draft where night < before::date and uid is null and begun_at is null
    and state in ('sent', 'discarded', 'withdrawn', 'expired', 'fallen');
  delete from errand where at < before and state in ('done', 'failed', 'discarded');
  delete from post_source using outbox where outbox.key = post_source.key and coalesce(sent_at, wanted_at) < before
    and state in ('sent', 'refused', 'withdrawn');
  delete from outbox where coalesce(sent_at, wanted_at) < before and state in ('sent', 'refused', 'withdrawn');
  delete from thought where at < before;
  delete from memory where valid_to < before;
  delete from change_log where night < before::date;
  delete from learned_context old where night < before::date
    and exists (select from learned_context l where l.scope_id = old.scope_id and l.version > old.version);
  delete from share where night < before::date;
end $$;

-- Messages that became old lose their words, at most so many at a time; how many those were. What is still cited stays: by
-- a note that holds, an open task, a draft; and what belongs to a conversation that goes on.
create function nightdesk.expire_said(before timestamptz, most int) returns int
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
declare
  ids bigint[];
begin
  with cited as (
    select source from task, jsonb_array_elements(value -> 'sources') source where state in ('open', 'snoozed')
    union all
    select source from draft, jsonb_path_query(value, '$.receipt.facts[*].source') source
    where state in ('planned', 'appended', 'edited')
    union all
    select jsonb_build_object('account', account, 'message_id', answers) from draft
    where state in ('planned', 'appended', 'edited')),
  named as materialized (
    select 'channel:' || (source ->> 'channel') as place, source ->> 'ts' as said from cited where source ? 'ts'
    union
    select 'account:' || (source ->> 'account'), source ->> 'message_id' from cited where source ? 'message_id')
  select array_agg(id) into ids from (
    select m.id from message m join scope s on s.id = m.scope_id
    where m.sent_at < before and m.deleted_at is null
      and not exists (
        select from memory_source b join memory y on y.id = b.memory_id where b.message_id = m.id and y.valid_to is null)
      and not exists (
        select from message n where n.scope_id = m.scope_id and n.thread = m.thread and n.sent_at >= before)
      and not (s.key, case m.medium when 'slack' then m.key else m.facts ->> 'message_id' end) in (table named)
    order by m.id limit most) old;
  perform unsay(ids);
  return coalesce(cardinality(ids), 0);
end $$;

revoke execute on function nightdesk.mark_of, nightdesk.why_silent, nightdesk.unsay, nightdesk.begin_anew, nightdesk.drop_jobs,
  nightdesk.empty_scopes from public;
