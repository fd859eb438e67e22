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

-- An edited or deleted message takes with it what was concluded from its old words, in the same transaction.
create function nightdesk.forget_derived() returns trigger
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  if tg_op = 'DELETE' or old.revision <> new.revision or (old.deleted_at is null and new.deleted_at is not null) then
    delete from thought where about = old.scope_id and thread = old.thread;
    delete from memory using memory_source
    where memory_source.message_id = old.id and memory.id = memory_source.memory_id;
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
