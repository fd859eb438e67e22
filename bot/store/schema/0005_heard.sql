-- What comes in event by event: whether it belongs to an answer of ours, and an index that follows single messages.

-- Whether we answered a message, or anything in its thread: yes or no, for whoever decides who waits for an answer.
create function nightdesk.answered(place text, message text, thread text) returns boolean
language sql stable security definer set search_path = nightdesk, pg_temp as $$
  select exists (select from outbox where key = 'answer/' || place || '/' || message)
    or thread <> '' and exists (
      select from outbox where channel = place and thread_ts = thread and starts_with(key, 'answer/'))
$$;

-- Where we said something in a channel's threads; never what.
create function nightdesk.posted_in(place text) returns table (thread_ts text, ts text)
language sql stable security definer set search_path = nightdesk, pg_temp as $$
  select thread_ts, ts from outbox where channel = place and thread_ts <> '' and ts <> '' and reader = ''
$$;

create index on nightdesk.slack_event (channel, ts) where ts <> '';
