-- What we say or keep rests on messages, and is taken back when their words change or go.
-- In the same transaction the rows lose the words; jobs make Slack and Drafts follow.

-- An edit replaces. `message.revision` says how often, and what was concluded from a revision names it; nothing ever read
-- the old words, and people edit in order to take words back.
drop table nightdesk.message_version;

-- Which messages a message of ours rests on. No content.
create table nightdesk.post_source (
  scope_id int not null references nightdesk.scope, -- as of the post
  key text not null,                    -- of the post; its row may be written after these, in the same transaction
  message_id bigint not null,           -- goes with its message by `forget_derived`
  revision int,                         -- whose words the post may hold; null: it answers the message, whatever that says
  primary key (key, message_id)
);
create index on nightdesk.post_source (message_id);
call nightdesk.guard('nightdesk.post_source');

alter table nightdesk.outbox
  add column redo boolean not null default false; -- its words were taken back: its person's desk makes it anew

-- What rested on other words than stand now: to be taken out of Drafts while nobody touched it, and then forgotten.
alter table nightdesk.draft drop constraint draft_state_check, add check (
  state in ('planned', 'appended', 'edited', 'sent', 'discarded', 'withdrawn', 'expired', 'fallen'));

-- A source names a mail by its Message-ID.
create index on nightdesk.message (scope_id, (facts ->> 'message_id')) where medium = 'mail';
alter table nightdesk.message add column changed_at timestamptz; -- when its words last changed or went; null: never
create index on nightdesk.message (changed_at) where changed_at is not null;

-- Several processes bring in the same events side by side: only who begins where nobody is at work counts an attempt.
alter table nightdesk.slack_event
  add column begun_at timestamptz,
  add column begun_by text not null default ''; -- a process

-- A job, enqueued or touched with the transaction that made it necessary: as `defer_job` does it for the application.
create function nightdesk.enqueue(task text, lane text, arguments jsonb, locked text, once text, urgency int) returns void
language sql security definer set search_path = public, pg_temp as $$
  insert into procrastinate_jobs (queue_name, task_name, args, lock, queueing_lock, priority) values ($2, $1, $3, $4, $5, $6)
  on conflict (queueing_lock) where status = 'todo'::procrastinate_job_status do update set
    priority = greatest(procrastinate_jobs.priority, excluded.priority), scheduled_at = null
$$;

-- The cards and Home tabs of these desks are made anew.
create function nightdesk.look_again(desks int[]) returns void
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
declare
  whose bigint;
begin
  for whose in
    select distinct person.id from scope join person on person.id = scope.owner_id
    where scope.id = any(desks) and scope.kind = 'person' and person.active and (person.dm <> '' or person.home <> '')
    order by 1
  loop
    perform enqueue('settle', 'read', jsonb_build_object('person', whose), 'settle/' || whose, 'settle/' || whose, 0);
  end loop;
end $$;

-- Posts lose their words at once, and Slack follows: an answer says `instead`, a digest is made anew from what still stands.
-- What only one reader ever saw cannot be taken back, and is not said if it was not yet.
create function nightdesk.take_back(posts text[], instead text) returns void
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
declare
  one record;
  desks int[] := '{}';
begin
  delete from post_source where key = any(posts);
  for one in
    update outbox set content = content || jsonb_build_object('text', instead, 'blocks', '[]'::jsonb), hash = 'taken back',
      redo = starts_with(key, 'digest/') and state <> 'withdrawn',
      state = case when reader <> '' and state = 'wanted' then 'withdrawn'
        when reader = '' and (state = 'sent' or state = 'refused' and ts <> '') then 'wanted' else state end
    where key = any(posts) returning scope_id, key, redo, state
  loop
    if one.redo then
      desks := desks || one.scope_id;
    elsif one.state in ('wanted', 'sending') then
      perform enqueue('deliver', 'live', jsonb_build_object('scope', one.scope_id, 'key', one.key), 'post/' || one.key,
        'deliver/' || one.key, 50);
    end if;
  end loop;
  perform look_again(desks);
end $$;

create function nightdesk.taken_back() returns text language sql immutable as $$
  select 'Taken back: what this rested on was changed or deleted, or not everybody here may read it. Ask again.'
$$;

-- Who reads what stands in the name of a scope, as `readable` knows them: a person alone, or all of a channel.
create function nightdesk.readers_of(here int) returns text
language sql stable security definer set search_path = nightdesk, pg_temp as $$
  select case kind when 'person' then 'u:' || owner_id when 'channel' then 'c:' || id else 's:' || id end
  from scope where id = here
$$;

-- Writes down what a post rests on, and says whether all of it stands in those words and may be read by all who will read
-- the post. The messages are held until the transaction ends: a change of one waits, and then finds the post.
create function nightdesk.rest_on(here int, post text, places text[], names text[], revisions int[]) returns boolean
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
declare
  held bigint[];
  sound boolean;
begin
  if here is distinct from writable(audience()) or exists (select from outbox where key = post and scope_id <> here) then
    raise insufficient_privilege using message = 'another scope''s post';
  end if;
  if cardinality(places) = 0 then
    delete from post_source where key = post;
    return true;
  end if;
  held := array(
    select m.id from unnest(places, names) as one(place, said) join scope s on s.key = place
    join message m on m.scope_id = s.id and m.key = said where m.medium = 'slack'
    union
    select m.id from unnest(places, names) as one(place, said) join scope s on s.key = place
    join message m on m.scope_id = s.id and m.facts ->> 'message_id' = said where m.medium = 'mail');
  perform from message where id = any(held) order by id for share;
  -- Two that make one post anew at a time, a press and the look for answers, write its sources one after the other.
  perform pg_advisory_xact_lock(hashtext('nightdesk.post_source'), hashtext(post));
  delete from post_source where key = post;
  with wanted as (select * from unnest(places, names, revisions) as one(place, said, revision)),
  standing as (
    select wanted.*, m.id, m.scope_id, m.revision as now
    from message m join scope s on s.id = m.scope_id
    join wanted on wanted.place = s.key and said in (m.key, m.facts ->> 'message_id')
    where m.id = any(held) and m.deleted_at is null),
  noted as (
    insert into post_source (scope_id, key, message_id, revision)
    select here, post, id, max(revision) from standing group by id),
  open as (select array_agg(id) ids from readable(readers_of(here)) id)
  select not exists (
    select from wanted where not exists (
      select from standing, open where standing.place = wanted.place and standing.said = wanted.said
        and coalesce(wanted.revision = standing.now, true)
        and (standing.scope_id = here or standing.scope_id = any(open.ids)))) -- who reads a place reads what is said in it
  into sound;
  return sound;
end $$;

-- The writer's own post says that it was taken back.
create function nightdesk.take_back_post(post text) returns void
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  if exists (select from outbox where key = post and scope_id = writable(audience())) then
    perform take_back(array[post], taken_back());
  end if;
end $$;

-- Before a post is brought to Slack: what it rests on still stands in those words, and all who will read it may. If not, it
-- is taken back first. False where nobody knows at this moment who reads there: then it waits, but for no more than an hour.
create function nightdesk.recheck_post(post text) returns boolean
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
declare
  one outbox;
begin
  select * into one from outbox where key = post and scope_id = writable(audience());
  if one.redo then
    perform look_again(array[one.scope_id]);
  end if;
  if not exists (select from post_source where key = one.key) then
    return true;
  end if;
  if one.wanted_at > now() - interval '1 hour' and exists (
      select from scope where id = one.scope_id and kind = 'channel' and (shared is null or has_guests is null))
    and exists (
      select from post_source p join message m on m.id = p.message_id where p.key = one.key and m.scope_id <> one.scope_id) then
    return false;
  end if;
  if exists (
      select from post_source p left join message m on m.id = p.message_id and m.deleted_at is null
      where p.key = one.key and (m.id is null or p.revision <> m.revision
        or m.scope_id <> one.scope_id and not m.scope_id in (select readable(readers_of(one.scope_id))))) then
    perform take_back(array[one.key], taken_back());
  end if;
  return true;
end $$;

-- What is said of a task until the next night has read the new words.
create function nightdesk.reworded() returns jsonb language sql immutable as $$
  select jsonb_build_object('what', said, 'text', said, 'why', '', 'next_step', 'Read it again', 'due', null)
  from (values ('A message about this was changed: look there')) as one(said)
$$;

-- Items of a digest without the words that a message no longer says: what it told alone goes, a task only points at it.
create function nightdesk.items_without(items jsonb, scope_key text, message nightdesk.message, gone boolean, fallen text[])
returns jsonb language sql immutable set search_path = nightdesk, pg_temp as $$
  select coalesce(jsonb_agg(case when cites(item -> 'sources', scope_key, message) and item ->> 'kind' <> 'draft'
      then item || reworded() - 'what' - 'why' else item end order by place), '[]')
  from jsonb_array_elements(items) with ordinality as kept(item, place)
  where not item ->> 'id' = any(fallen)
    and not (cites(item -> 'sources', scope_key, message) and (gone or item ->> 'kind' in ('change', 'errand', 'answer')))
$$;

-- What was concluded from words that a message says no longer goes, or loses them. `now_revision`: of what stands instead,
-- `now_said`; both null when the message is gone.
create function nightdesk.forget_words(was nightdesk.message, now_revision int, now_said text) returns void
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
declare
  here text := (select key from scope where id = was.scope_id);
  gone boolean := now_revision is null;
  fallen bigint[];
  items text[] := '{}';
  desks int[] := '{}';
  posts text[];
  one record;
begin
  -- What stands outside of threads is judged in runs, named after their first message: any that began by then may hold it.
  delete from thought where about = was.scope_id and (thread = was.thread
    or was.medium = 'slack' and thread like 'run:%' and substr(thread, 5) <= was.thread
    or step = 'change' and (result ->> 'message')::bigint = was.id);
  delete from thought where step = 'draft' and cites(jsonb_path_query_array(result, '$.receipt.facts[*].source'), here, was)
    or step = 'considered' and (cites(jsonb_path_query_array(result, '$.draft.receipt.facts[*].source'), here, was)
      or cites(result -> 'sources', here, was));
  select coalesce(array_agg(memory_id), '{}') into fallen from memory_source where message_id = was.id;
  delete from change_log using memory where memory.id = any(fallen) and change_log.scope_id = memory.scope_id
    and change_log.what = memory.text;
  update learned_context set lines = (
    select coalesce(jsonb_agg(line order by place), '[]') from jsonb_array_elements(lines) with ordinality as kept(line, place)
    where not exists (select from jsonb_array_elements_text(line -> 'memories') id where id::bigint = any(fallen)))
  where scope_id = was.scope_id and fallen <> '{}';
  delete from memory where id = any(fallen);
  -- A reply that lies nowhere yet is written anew; of one that may lie in Drafts only the place is remembered, to take it out.
  for one in
    select scope_id, account, answers, state = 'planned' and uid is null and begun_at is null as nowhere,
      'draft-' || split_part(btrim(value ->> 'message_id', '<>'), '@', 1) as item
    from draft where cites(jsonb_path_query_array(value, '$.receipt.facts[*].source'), here, was)
      or gone and here = 'account:' || account and answers = was.facts ->> 'message_id'
  loop
    if one.nowhere then
      delete from draft where account = one.account and answers = one.answers;
    else
      update draft set mail = '', state = case when state in ('planned', 'appended') then 'fallen' else state end,
        value = value || jsonb_build_object('to', '[]'::jsonb, 'cc', '[]'::jsonb, 'subject', '', 'body', '',
          'slots', '[]'::jsonb, 'receipt', '{}'::jsonb)
      where account = one.account and answers = one.answers;
      perform enqueue('file_drafts', 'sleep', jsonb_build_object('scope', box.scope_id), 'mail/' || box.scope_id,
        'file/' || box.scope_id, 0)
      from account box join scope on scope.id = box.scope_id where scope.key = 'account:' || one.account;
    end if;
    items := items || one.item;
    desks := desks || one.scope_id;
  end loop;
  -- An errand that waits is handed over anew by its new words; one that was asked by words that are gone is over.
  for one in
    select id, state, channel = substr(here, 9) and here like 'channel:%' and value ->> 'asked' = was.key as asked
    from errand where cites(result -> 'citations', here, was) or channel = substr(here, 9) and value ->> 'asked' = was.key
      and (gone or coalesce((value ->> 'revision')::int, 0) <> now_revision)
  loop
    if one.asked and not gone and one.state = 'waiting' then
      delete from errand where id = one.id;
    elsif one.asked then
      update errand set result = null, value = value || '{"words": ""}',
        state = case when state in ('waiting', 'running') then 'discarded' else state end where id = one.id;
    else
      update errand set result = null where id = one.id;
    end if;
    items := items || ('errand-' || one.id);
  end loop;
  for one in
    select scope_id, id, value ->> 'found_by' = 'owner' as by_owner from task where cites(value -> 'sources', here, was)
  loop
    if gone then
      delete from task where scope_id = one.scope_id and id = one.id;
    else
      update task set value = value || (reworded() - 'text') || case when one.by_owner and now_said <> ''
        then jsonb_build_object('what', left(regexp_replace(now_said, '\s+', ' ', 'g'), 160)) else '{}' end
      where scope_id = one.scope_id and id = one.id;
    end if;
    desks := desks || one.scope_id;
  end loop;
  select array_agg(key) into posts from post_source where message_id = was.id and (gone or revision <> now_revision);
  for one in
    select d.scope_id, d.date from digest d
    where exists (
      select from jsonb_array_elements((value -> 'items') || (value -> 'more')) item
      where cites(item -> 'sources', here, was) or item ->> 'id' = any(items))
  loop
    update digest set value = value || jsonb_build_object(
      'items', items_without(value -> 'items', here, was, gone, items),
      'more', items_without(value -> 'more', here, was, gone, items))
    where scope_id = one.scope_id and date = one.date;
    posts := posts || (
      select array_agg(key) from outbox where scope_id = one.scope_id and key like 'digest/%/' || one.date || '%');
    desks := desks || one.scope_id;
  end loop;
  select desks || coalesce(array_agg(scope_id), '{}') into desks
  from choice where source is not null and cites(jsonb_build_array(source), here, was);
  if gone then
    perform take_back(
      array(select key from post_source where message_id = was.id and revision is null and starts_with(key, 'answer/')),
      'The question was deleted, and with it this answer.');
    delete from posting where message_id = was.id;
    delete from turn where message_id = was.id;
  end if;
  perform take_back(array(
    select post from unnest(posts) post where not exists (
      select from outbox where key = post and hash = 'taken back')), taken_back());
  perform look_again(desks);
end $$;

-- In the same transaction as an edit or a deletion.
create or replace function nightdesk.forget_derived() returns trigger
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  if tg_op = 'DELETE' or old.deleted_at is null and new.deleted_at is not null then
    perform forget_words(old, null, null);
  elsif old.revision <> new.revision then
    perform forget_words(old, new.revision, new.text);
  end if;
  return old;
end $$;

-- After a night has written what it concluded: of messages that changed since it began to read, it may have read the old
-- words. All that is concluded from them goes once more, and the next night reads them anew.
create function nightdesk.forget_since(moment timestamptz) returns void
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
declare
  one message;
begin
  for one in
    select * from message where changed_at >= moment and scope_id in (select readable(audience())) order by id
  loop
    perform forget_words(one, case when one.deleted_at is null then one.revision end, one.text);
    update message set noted_revision = 0 where id = one.id;
  end loop;
end $$;
drop trigger forget_derived on nightdesk.message;
create trigger forget_derived after update on nightdesk.message for each row execute function nightdesk.forget_derived();
-- Before: afterwards nothing names the message any more.
create trigger forget_removed before delete on nightdesk.message for each row execute function nightdesk.forget_derived();

revoke execute on function nightdesk.enqueue, nightdesk.look_again, nightdesk.take_back, nightdesk.forget_words from public;
