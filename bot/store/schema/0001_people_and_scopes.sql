-- Who there is, what scopes hold text, and who may read them. Everything later leans on this file.
create schema if not exists nightdesk;

-- The two pads of an HMAC-SHA256 key (RFC 2104), so that audience tokens are checked without pgcrypto.
create table nightdesk.secret (
  "only" boolean primary key default true check ("only"),
  inner_pad bytea not null,
  outer_pad bytea not null
);

-- One home holds one workspace; an import of another one is refused by name.
create table nightdesk.workspace (
  "only" boolean primary key default true check ("only"),
  team text not null,
  name text not null default '',
  domain text not null default ''
);

create table nightdesk.person (
  id bigint generated always as identity primary key,
  key text not null unique,             -- Slack id, else case-folded address
  slack_id text unique,
  name text not null,
  short_names text[] not null default '{}',
  zone text,                            -- null: not known from Slack
  role text not null check (role in ('member', 'guest', 'outside', 'bot')),
  active boolean not null default true,
  settings jsonb not null default '{}'
);

create table nightdesk.address (
  address text primary key check (address = lower(address)),
  person_id bigint not null references nightdesk.person
);

create table nightdesk.scope (
  id int generated always as identity primary key,
  key text not null unique,             -- 'channel:C1', 'account:a@b', 'person:U1', 'workspace'
  kind text not null check (kind in ('channel', 'account', 'person', 'workspace')),
  name text not null default '',
  channel_kind text check (channel_kind in ('public', 'private', 'dm', 'mpim')),
  shared boolean,                       -- with another organisation; null: unknown, so nobody reads through it
  has_guests boolean,                   -- null: unknown, likewise
  archived boolean not null default false,
  topic text not null default '',
  purpose text not null default '',
  owner_id bigint references nightdesk.person,   -- of an account or person scope
  aliases text[] not null default '{}', -- of an account: what its mail is also sent to and from; gives no rights
  check ((kind = 'channel') = (channel_kind is not null)),
  check ((kind in ('account', 'person')) = (owner_id is not null))
);
insert into nightdesk.scope (key, kind) values ('workspace', 'workspace');

create table nightdesk.member (
  scope_id int not null references nightdesk.scope,
  person_id bigint not null references nightdesk.person,
  primary key (scope_id, person_id)
);
create index on nightdesk.member (person_id, scope_id);

-- The audience that a transaction's token names, or null: missing, malformed, expired and forged look alike.
create function nightdesk.audience() returns text
language plpgsql stable security definer set search_path = nightdesk, pg_temp as $$
declare
  part text[] := string_to_array(nullif(current_setting('app.viewer', true), ''), '|');
  pads nightdesk.secret;
begin
  if part is null or array_length(part, 1) <> 3 or part[2] !~ '^[0-9]{1,12}$' then
    return null;
  end if;
  select * into pads from nightdesk.secret;
  if pads is null or part[3] <> encode(
    sha256(pads.outer_pad || sha256(pads.inner_pad || convert_to(part[1] || '|' || part[2], 'UTF8'))), 'hex') then
    return null;
  end if;
  if part[2]::bigint < extract(epoch from clock_timestamp()) then
    return null;
  end if;
  return part[1];
end $$;

-- Scopes that an audience may read now. The same rule stands, pure, in graphs/access.py.
-- u:PERSON  a person alone (a DM, a night, a digest)   c:SCOPE  everybody who reads a channel   s:SCOPE  one scope
create function nightdesk.readable(who text) returns setof int
language sql stable security definer set search_path = nightdesk, pg_temp as $$
  select scope.id
  from person join scope on (
    (scope.kind in ('account', 'person') and scope.owner_id = person.id)
    or (scope.kind = 'channel' and exists (
      select from member where member.scope_id = scope.id and member.person_id = person.id))
    or (person.role = 'member' and person.slack_id is not null
        and (scope.kind = 'workspace' or scope.channel_kind = 'public')))
  where who ~ '^u:[0-9]{1,18}$' and person.id = substr(who, 3)::bigint and person.active
  union all
  select scope.id
  from scope here join scope on (
    scope.id = here.id
    or (not here.shared and not here.has_guests and (scope.kind = 'workspace' or scope.channel_kind = 'public')))
  where who ~ '^c:[0-9]{1,9}$' and here.id = substr(who, 3)::int and here.kind = 'channel'
    and here.shared is not null and here.has_guests is not null
  union all
  select id from scope where who ~ '^s:[0-9]{1,9}$' and id = substr(who, 3)::int
$$;

-- The one scope that an audience may write: a run writes only where it belongs. Null for a channel's readers.
create function nightdesk.writable(who text) returns int
language sql stable security definer set search_path = nightdesk, pg_temp as $$
  select case
    when who ~ '^s:[0-9]{1,9}$' then (select id from scope where id = substr(who, 3)::int)
    when who ~ '^u:[0-9]{1,18}$' then
      (select scope.id from scope join person on person.id = scope.owner_id
       where scope.kind = 'person' and person.id = substr(who, 3)::bigint and person.active)
  end
$$;

-- Puts a content table under the rule. Its owner, in whose name the definer functions run, is exempt by a policy
-- rather than by ownership, because the rule is forced.
create procedure nightdesk.guard(content regclass)
language plpgsql as $$
begin
  execute format('alter table %s enable row level security', content);
  execute format('alter table %s force row level security', content);
  execute format('create policy owner_all on %s to %I using (true) with check (true)', content, current_user);
  execute format('create policy read on %s for select to public
    using (scope_id in (select nightdesk.readable((select nightdesk.audience()))))', content);
  execute format('create policy add on %s for insert to public
    with check (scope_id = (select nightdesk.writable((select nightdesk.audience()))))', content);
  execute format('create policy change on %s for update to public
    using (scope_id = (select nightdesk.writable((select nightdesk.audience()))))
    with check (scope_id = (select nightdesk.writable((select nightdesk.audience()))))', content);
  execute format('create policy remove on %s for delete to public
    using (scope_id = (select nightdesk.writable((select nightdesk.audience()))))', content);
end $$;
