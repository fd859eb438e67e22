-- Learned context that is rewritten from memories, and the readable diff of each night.

-- What a version was made from: the memories in its view, told by their number and the sum of their row ids. While both
-- are the same there is nothing to rewrite.
alter table nightdesk.learned_context
  add column in_view int not null default -1,
  add column view_sum numeric not null default 0;
create index on nightdesk.learned_context using gin (lines jsonb_path_ops);

-- What a line of the diff is about, so that it falls with it and can be undone.
alter table nightdesk.change_log
  add column memories bigint[] not null default '{}',
  add column was text not null default '',            -- of what was changed: how it stood before
  add column at timestamptz not null default now();
create index on nightdesk.change_log using gin (memories);

-- Whatever takes a memory takes with it, in the same transaction, every line and every entry that names it: in all scopes
-- and all versions.
create function nightdesk.forget_lines() returns trigger
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  update learned_context set lines = (
    select coalesce(jsonb_agg(line order by place), '[]') from jsonb_array_elements(lines) with ordinality as kept(line, place)
    where not line -> 'memories' @> to_jsonb(old.id))
  where lines @> jsonb_build_array(jsonb_build_object('memories', jsonb_build_array(old.id)));
  delete from change_log where memories @> array[old.id];
  return old;
end $$;
create trigger forget_lines before delete on nightdesk.memory for each row execute function nightdesk.forget_lines();
revoke execute on function nightdesk.forget_lines from public;
