-- Writers of one run do not wait for each other; whoever takes it over waits for all of them at once.

create or replace function nightdesk.holds(run_id text, ours int) returns boolean
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  perform from run where id = run_id and fence = ours and state = 'running' for share;
  return found;
end $$;
