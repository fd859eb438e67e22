-- Learned context that is rewritten from memories, and the readable diff of each night.

-- What a version was made from. `in_view`, `view_sum`, `newest`: how many memories there were, the sum of their row ids and the
-- greatest; while all are the same there is nothing to rewrite, and later ones are new. `seen`: those that a model was shown for
-- this version, or for one before it whose lines it took over. `stale`: one of these was taken back since, so no word of this
-- version may reach the next one.
alter table nightdesk.learned_context
  add column in_view int not null default -1,
  add column view_sum numeric not null default 0,
  add column newest bigint not null default 0,
  add column seen bigint[] not null default '{}',
  add column stale boolean not null default true;
create index on nightdesk.learned_context using gin (lines jsonb_path_ops);
create index on nightdesk.learned_context using gin (seen);

-- What a line of the diff is about, so that it falls with it and can be undone.
alter table nightdesk.change_log
  add column memories bigint[] not null default '{}',
  add column was text not null default '',            -- of what was changed: how it stood before
  add column at timestamptz not null default now(),
  add column undone_by text not null default '',      -- who took it back; '' while it stands
  add column never boolean not null default false,    -- taken back for good
  -- What a button names it by. A row id would count, for everybody who sees one, what is learned where they may not read.
  add column key text not null generated always as (
    substr(md5(scope_id::text || '/' || (night - date '2000-01-01')::text || '/' || op || '/' || what || '/' || was), 1, 20)) stored;
create index on nightdesk.change_log using gin (memories);
create index on nightdesk.change_log (scope_id, id);
create index on nightdesk.change_log (key);

-- What is never to be learned again in a scope, told by hashes of its quote and of its words. Gone with the message that it
-- was first learned from.
create table nightdesk.never (
  scope_id int not null references nightdesk.scope,
  hash bytea not null,
  message_id bigint not null references nightdesk.message on delete cascade,
  primary key (scope_id, hash)
);
create index on nightdesk.never (message_id);
call nightdesk.guard('nightdesk.never');

-- Whatever takes a memory takes with it, in the same transaction, every line and every entry that names it: in all scopes
-- and all versions.
create function nightdesk.forget_lines() returns trigger
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  update learned_context set lines = (
    select coalesce(jsonb_agg(line order by place), '[]') from jsonb_array_elements(lines) with ordinality as kept(line, place)
    where not line -> 'memories' @> to_jsonb(old.id))
  where lines @> jsonb_build_array(jsonb_build_object('memories', jsonb_build_array(old.id)));
  update learned_context set stale = true where seen @> array[old.id] and not stale;
  delete from change_log where memories @> array[old.id];
  return old;
end $$;
create trigger forget_lines before delete on nightdesk.memory for each row execute function nightdesk.forget_lines();

create function nightdesk.forget_never() returns trigger
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  delete from never where message_id = new.id;
  return null;
end $$;
create trigger forget_never after update of deleted_at on nightdesk.message for each row
  when (old.deleted_at is null and new.deleted_at is not null) execute function nightdesk.forget_never();
revoke execute on function nightdesk.forget_lines, nightdesk.forget_never from public;
