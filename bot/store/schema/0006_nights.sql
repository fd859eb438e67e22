-- Whose nights there are, since when somebody watches the clock, and where a nap is due.

alter table nightdesk.person add column met_at timestamptz; -- first used the desk; null: never did, and gets no nights

alter table nightdesk.workspace
  add column watched_at timestamptz,  -- when the clock was last watched
  add column woke_at timestamptz,     -- when somebody watched again after nobody had
  add column resumed_at timestamptz;  -- when a pause last ended

-- Channels where something new was said that no night has read: quiet since `quiet`, or at least `many` messages.
create function nightdesk.restless(since timestamptz, quiet timestamptz, many int) returns table (scope_id int)
language sql stable security definer set search_path = nightdesk, pg_temp as $$
  select message.scope_id from message join scope on scope.id = message.scope_id
  where scope.kind = 'channel' and not scope.archived and message.noted_revision <> message.revision
    and message.deleted_at is null and message.text <> '' and message.sent_at > since
  group by message.scope_id having max(message.sent_at) <= quiet or count(*) >= many
  order by message.scope_id
$$;
