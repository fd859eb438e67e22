-- What the nights conclude. Everything here is derived from messages and can be made again.

-- A judgement of one piece of text, kept by the hash of what went in: unchanged text costs no second thought.
create table nightdesk.thought (
  scope_id int not null references nightdesk.scope,
  step text not null,
  key text not null,                    -- what was judged, unique within scope and step
  about int references nightdesk.scope, -- the scope whose text it was
  thread text not null default '',
  input bytea not null,
  result jsonb not null,
  at timestamptz not null default now(),
  primary key (scope_id, step, key)
);
create index on nightdesk.thought (about, thread);

create table nightdesk.memory (
  id bigint generated always as identity primary key,
  scope_id int not null references nightdesk.scope,
  key text not null,                    -- derived from the source and the quote: the same fact is one row
  kind text not null,
  text text not null,
  quote text not null,                  -- a verbatim substring of its source
  said_by text not null,
  valid_from timestamptz not null,
  valid_to timestamptz,
  superseded_by bigint references nightdesk.memory on delete set null,
  confidence real not null,
  found_by text not null,
  night date not null,                  -- when it was learned
  unique (scope_id, key)
);

create table nightdesk.memory_source (
  scope_id int not null references nightdesk.scope,
  memory_id bigint not null references nightdesk.memory on delete cascade,
  message_id bigint not null references nightdesk.message on delete cascade,
  revision int not null,
  primary key (memory_id, message_id)
);
create index on nightdesk.memory_source (message_id);

create table nightdesk.learned_context (
  scope_id int not null references nightdesk.scope,
  version int not null,
  lines jsonb not null,                 -- [{text, memories: [id …]}], so that a line falls with its premises
  night date not null,
  primary key (scope_id, version)
);

create table nightdesk.change_log (
  id bigint generated always as identity primary key,
  scope_id int not null references nightdesk.scope,
  night date not null,
  op text not null check (op in ('added', 'superseded', 'dropped', 'rewritten', 'refused')),
  what text not null
);

-- A person's own: tasks, drafts, digests. Their scope is the person's.
create table nightdesk.task (
  scope_id int not null references nightdesk.scope,
  id text not null,                     -- derived from owner, kind and the message that made it
  value jsonb not null,
  state text not null check (state in ('open', 'snoozed', 'done', 'settled', 'dropped')),
  snoozed_until date,
  changed_on date not null,             -- night in which something about it last changed
  shown_on date[] not null default '{}',
  primary key (scope_id, id)
);

-- The life of drafts. At most one for each account and message answered, whatever crashes when.
create table nightdesk.draft (
  scope_id int not null references nightdesk.scope,
  account text not null,
  answers text not null,                -- Message-ID of the mail it replies to
  state text not null
    check (state in ('planned', 'appended', 'edited', 'sent', 'discarded', 'withdrawn', 'expired')),
  value jsonb not null,
  mail bytea not null,
  night date not null,
  primary key (account, answers)
);

create table nightdesk.digest (
  scope_id int not null references nightdesk.scope,
  date date not null,
  value jsonb not null,
  primary key (scope_id, date)
);

-- A run of a graph. The fence grows whenever a worker takes the run over; the old worker's writes are refused.
create table nightdesk.run (
  scope_id int not null references nightdesk.scope,
  id text primary key,                  -- '{person or scope}/{night}/{graph}'
  fence int not null default 0,
  state text not null default 'new' check (state in ('new', 'running', 'done', 'failed')),
  report jsonb not null default '{}'
);

-- Money, reserved before a call and settled after it.
create table nightdesk.spend (
  id bigint generated always as identity primary key,
  scope_id int not null references nightdesk.scope,
  night date not null,
  step text not null,
  model text not null,
  state text not null check (state in ('reserved', 'settled', 'released')),
  money numeric not null,
  prompt_tokens int not null default 0,
  cached_tokens int not null default 0,
  completion_tokens int not null default 0,
  seconds real not null default 0,
  at timestamptz not null default now()
);
create index on nightdesk.spend (scope_id, night);

do $$
declare content text;
begin
  foreach content in array array['thought', 'memory', 'memory_source', 'learned_context', 'change_log', 'task', 'draft',
    'digest', 'run', 'spend'] loop
    execute format('call nightdesk.guard(%L)', 'nightdesk.' || content);
  end loop;
end $$;

-- Whether a list of sources names a message: by channel and ts, or by account and Message-ID.
create function nightdesk.cites(sources jsonb, scope_key text, message nightdesk.message) returns boolean
language sql immutable as $$
  select exists (
    select from jsonb_array_elements(sources) one
    where case when message.medium = 'slack'
      then 'channel:' || (one ->> 'channel') = scope_key and one ->> 'ts' = message.key
      else 'account:' || (one ->> 'account') = scope_key and one ->> 'message_id' = message.facts ->> 'message_id' end)
$$;

-- An edited or deleted message takes with it what was concluded from its old words, in the same transaction.
create function nightdesk.forget_derived() returns trigger
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
declare
  here text := (select key from scope where id = old.scope_id);
  gone boolean := tg_op = 'DELETE' or (old.deleted_at is null and new.deleted_at is not null);
  fallen bigint[];
begin
  if not gone and old.revision = new.revision then
    return null;
  end if;
  -- What stands outside of threads is judged in runs, named after their first message: any that began by then may hold it.
  delete from thought where about = old.scope_id and (thread = old.thread
    or old.medium = 'slack' and thread like 'run:%' and substr(thread, 5) <= old.thread
    or step = 'change' and (result ->> 'message')::bigint = old.id);
  select coalesce(array_agg(memory_id), '{}') into fallen from memory_source where message_id = old.id;
  delete from change_log using memory where memory.id = any(fallen) and change_log.scope_id = memory.scope_id
    and change_log.what = memory.text;
  update learned_context set lines = (
    select coalesce(jsonb_agg(line order by place), '[]') from jsonb_array_elements(lines) with ordinality as kept(line, place)
    where not exists (select from jsonb_array_elements_text(line -> 'memories') id where id::bigint = any(fallen)))
  where scope_id = old.scope_id and fallen <> '{}';
  delete from memory where id = any(fallen);
  -- A reply that nobody touched yet and that rests on these words is written anew.
  delete from draft where state = 'planned' and cites(jsonb_path_query_array(value, '$.receipt.facts[*].source'), here, old);
  delete from thought where step = 'draft' and cites(jsonb_path_query_array(result, '$.receipt.facts[*].source'), here, old)
    or step = 'considered' and cites(jsonb_path_query_array(result, '$.draft.receipt.facts[*].source'), here, old);
  if gone then
    delete from posting where message_id = old.id;
    delete from turn where message_id = old.id;
    delete from task where cites(value -> 'sources', here, old);
    update digest set value = value || jsonb_build_object(
      'items', (select coalesce(jsonb_agg(item order by place), '[]') from jsonb_array_elements(value -> 'items')
                with ordinality as kept(item, place) where not cites(item -> 'sources', here, old)),
      'more', (select coalesce(jsonb_agg(item order by place), '[]') from jsonb_array_elements(value -> 'more')
               with ordinality as kept(item, place) where not cites(item -> 'sources', here, old)))
    where exists (select from jsonb_array_elements(value -> 'items') item where cites(item -> 'sources', here, old))
      or exists (select from jsonb_array_elements(value -> 'more') item where cites(item -> 'sources', here, old));
  end if;
  return null;
end $$;
create trigger forget_derived after update or delete on nightdesk.message
  for each row execute function nightdesk.forget_derived();

-- Whether a run is still ours; holds its row until the transaction ends, so that nobody takes it over in between.
create function nightdesk.holds(run_id text, ours int) returns boolean
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  perform from run where id = run_id and fence = ours and state = 'running' for update;
  return found;
end $$;
