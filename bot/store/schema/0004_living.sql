-- The living desk: what Slack told us, what we want to stand in Slack and in Drafts, accounts, nights and errands.

alter table nightdesk.workspace
  add column paused boolean not null default false,
  add column problem text not null default '', -- why Slack is not spoken to until it takes our token again; '' when it does
  add column bot_user text not null default '',
  add column bot_id text not null default '';

-- As Slack shows somebody: their messages are attributed to it, whichever way they came.
alter table nightdesk.person
  add column shown text not null default '',
  add column email text not null default '';

-- What Slack sent, committed before it is acknowledged. The payload is sealed, so no rule guards it, and goes when it is
-- handled: what it said then stands in `message`. The key stays for a while, so that a redelivery is known.
create table nightdesk.slack_event (
  id bigint generated always as identity primary key,
  key text not null unique,             -- Slack's event_id; derived for presses, which have none
  kind text not null,                   -- 'message', 'member_joined_channel', 'block_actions' …
  channel text not null default '',     -- in which it happened; '' when in none
  ts text not null default '',          -- of the message it is about
  payload bytea,                        -- sealed JSON; null: handled
  received_at timestamptz not null default now(),
  handled_at timestamptz,
  attempts int not null default 0,
  problem text not null default ''      -- why it was put aside: never content
);
create index on nightdesk.slack_event (channel, id) where handled_at is null;
create index on nightdesk.slack_event (received_at);

-- How far the history of a channel was read. A pass reads from `top` back to `floor`, page by page, and can be taken up again
-- after each; only when it is through does `newest` move. No content.
create table nightdesk.slack_cursor (
  channel text primary key,
  here boolean not null default true,   -- whether the bot is in it
  newest text not null default '',      -- everything up to this ts was read
  top text not null default '',         -- of the pass under way: what it began with, how far back it is, where it ends
  reached text not null default '',
  floor text not null default '',
  threads jsonb not null default '[]',  -- still to be read again: [[thread, read up to]]
  read_at timestamptz,                  -- when a pass was last through
  compared_at timestamptz,              -- when one was that looked back over what is stored
  slow boolean not null default false   -- Slack gives 15 objects a call and one call a minute
);

-- What should stand in Slack, and what does. One row a message: posted once, then edited in place.
create table nightdesk.outbox (
  scope_id int not null references nightdesk.scope, -- a person's desk for a DM, else the channel
  key text primary key,                 -- derived: 'digest/U1/2026-11-24', 'answer/C1/1700000000.000100'
  channel text not null,                -- where to; fixed by code, never by a model
  thread_ts text not null default '',
  reader text not null default '',      -- only this user sees it (ephemeral); '' for everybody there
  content jsonb not null,               -- {text, blocks}
  hash text not null,                   -- of content and destination
  state text not null default 'wanted'
    check (state in ('wanted', 'sending', 'sent', 'refused', 'withdrawn', 'streaming')), -- streaming: an answer appears
  ts text not null default '',          -- as Slack calls it
  stands text not null default '',      -- the hash that stands in Slack
  begun_at timestamptz,                 -- when an attempt began whose outcome is not known
  attempts int not null default 0,
  problem text not null default '',
  wanted_at timestamptz not null default now(),
  sent_at timestamptz
);
create index on nightdesk.outbox (channel, thread_ts);
create index on nightdesk.outbox (wanted_at) where state in ('wanted', 'sending');

-- What somebody said of an answer by its buttons.
create table nightdesk.feedback (
  scope_id int not null references nightdesk.scope,
  key text not null,                    -- of the answer in the outbox
  person_id bigint not null references nightdesk.person,
  value text not null check (value in ('up', 'down')),
  at timestamptz not null default now(),
  primary key (key, person_id)
);

-- A connected mailbox. The password is sealed with the row it belongs to bound in.
create table nightdesk.account (
  scope_id int primary key references nightdesk.scope,
  host text not null,
  port int not null,
  security text not null check (security in ('tls', 'starttls', 'plain')),
  login text not null,
  secret bytea not null,
  folders jsonb not null default '{}',  -- role -> folder, as a person set it: {"drafts": "Entwürfe"}
  state text not null default 'ok' check (state in ('ok', 'paused')),
  problem text not null default '',     -- one sentence for its owner
  since timestamptz not null default now(), -- when the state last changed
  retry_at timestamptz,                 -- throttled: not before
  synced_at timestamptz
);

create table nightdesk.mailbox (
  scope_id int not null references nightdesk.scope,
  name text not null,                   -- as the server lists it, decoded
  role text not null check (role in ('inbox', 'sent', 'drafts')),
  uidvalidity bigint not null,
  last_uid bigint not null default 0,   -- everything up to it was read
  uidnext bigint not null default 0,    -- as the server told it when the mailbox was last compared
  messages int not null default 0,      -- likewise
  primary key (scope_id, name)
);

-- Which mail has which UID in which mailbox; `key` is the message's key, '' for one that could not be read or is not kept.
create table nightdesk.mail_uid (
  scope_id int not null,
  name text not null,
  uid bigint not null,
  key text not null default '',
  primary key (scope_id, name, uid),
  foreign key (scope_id, name) references nightdesk.mailbox on delete cascade
);
create index on nightdesk.mail_uid (scope_id, key);

-- The thread of every Message-ID that an account's mail ever named: a new mail finds its thread without reading the others.
create table nightdesk.mail_ref (
  scope_id int not null references nightdesk.scope,
  ref text not null,
  thread text not null,
  primary key (scope_id, ref)
);
create index on nightdesk.mail_ref (scope_id, thread);
insert into nightdesk.mail_ref (scope_id, ref, thread)
select distinct on (m.scope_id, named) m.scope_id, named, m.thread
from nightdesk.message m cross join lateral (
  select m.facts ->> 'message_id' union select m.facts ->> 'in_reply_to'
  union select jsonb_array_elements_text(coalesce(m.facts -> 'references', '[]'))) as ids(named)
where m.medium = 'mail' and named <> '' order by m.scope_id, named, m.sent_at;

-- Where a draft lies. {uidvalidity, uidnext} is committed before APPEND: recovery looks from there on.
alter table nightdesk.draft
  add column uidvalidity bigint,
  add column uidnext bigint,
  add column uid bigint,
  add column begun_at timestamptz,      -- when an APPEND of unknown outcome began
  add column appended_at timestamptz,
  add column stands bytea,              -- sha256 of what the server gave back right after our APPEND
  add column problem text not null default '';

-- One night a person and local date, whatever started it. No content.
create table nightdesk.night (
  person_id bigint not null references nightdesk.person,
  date date not null,                   -- of the morning it ends on
  state text not null default 'begun' check (state in ('begun', 'slept', 'delivered')),
  late text not null default '',        -- why it is late, told in the digest
  begun_at timestamptz not null,
  slept_at timestamptz,
  delivered_at timestamptz,
  primary key (person_id, date)
);

-- Where our DM with a person is, and which Home tab they were shown last. No content.
alter table nightdesk.person add column dm text not null default '', add column home text not null default '';

-- What a person decided about an item of a digest, or about a whole thread. Holds ids only: what it is about is read from
-- the message, so that a deleted message takes its words with it.
create table nightdesk.choice (
  scope_id int not null references nightdesk.scope,
  item text not null,                   -- of a digest; 'thread/{scope key}/{thread}' for a thread that is left out
  verb text not null check (verb in ('snoozed', 'answered', 'not_mine', 'never', 'done')),
  until date,                           -- of 'snoozed'
  source jsonb,                         -- of 'never': the message it was said of
  pressed_at timestamptz not null,
  primary key (scope_id, item)
);

-- A job that somebody handed to the night. Its scope is the place it was asked in: what it finds is said there.
create table nightdesk.errand (
  scope_id int not null references nightdesk.scope,
  id text primary key,                  -- derived from the message that asked
  person_id bigint not null references nightdesk.person,
  channel text not null,
  thread_ts text not null,
  value jsonb not null,                 -- {task, plan, cap}
  state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed', 'discarded')),
  night date not null,
  result jsonb,
  at timestamptz not null default now()
);
create index on nightdesk.errand (person_id, night);

do $$
declare content text;
begin
  foreach content in array array['outbox', 'feedback', 'account', 'mailbox', 'mail_uid', 'mail_ref', 'errand', 'choice'] loop
    execute format('call nightdesk.guard(%L)', 'nightdesk.' || content);
  end loop;
end $$;

-- What waits to be said in Slack, for whoever delivers: where it stands, never what it says.
create function nightdesk.pending_posts() returns table (scope_id int, key text, state text, begun_at timestamptz)
language sql stable security definer set search_path = nightdesk, pg_temp as $$
  select scope_id, key, state, begun_at from outbox where state in ('wanted', 'sending') order by wanted_at, key
$$;

-- Which mailboxes are connected, for whoever plans their reading: no credential and no content.
create function nightdesk.connected() returns table (scope_id int, state text, retry_at timestamptz, synced_at timestamptz)
language sql stable security definer set search_path = nightdesk, pg_temp as $$
  select scope_id, state, retry_at, synced_at from account order by scope_id
$$;

-- Errands due by a night, for whoever plans it.
create function nightdesk.errands_of(whose bigint, until date) returns table (scope_id int, id text)
language sql stable security definer set search_path = nightdesk, pg_temp as $$
  select scope_id, id from errand where person_id = whose and night <= until and state in ('waiting', 'running') order by at, id
$$;
