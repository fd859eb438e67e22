-- workspace --
-- The one workspace of this home; none before the first import.
select team, name, domain, paused, problem, bot_user, bot_id from nightdesk.workspace

-- set_workspace --
-- The first import decides which workspace this is.
insert into nightdesk.workspace (team, name, domain) values (%(team)s, %(name)s, %(domain)s) on conflict do nothing

-- claim_slack_id --
-- Somebody known by address alone turns out to be a member of the workspace.
update nightdesk.person set slack_id = %(slack_id)s, key = %(slack_id)s
where slack_id is null and id = (select person_id from nightdesk.address where address = %(email)s)
  and not exists (select from nightdesk.person where slack_id = %(slack_id)s)

-- put_slack_person --
-- A member as Slack shows them now.
insert into nightdesk.person (key, slack_id, name, short_names, zone, role, active, shown, email)
values (%(slack_id)s, %(slack_id)s, %(name)s, %(short_names)s, %(zone)s, %(role)s, %(active)s, %(shown)s, %(email)s)
on conflict (slack_id) do update set name = excluded.name, short_names = excluded.short_names, zone = excluded.zone,
  role = excluded.role, active = excluded.active, shown = excluded.shown, email = excluded.email
returning id

-- put_mail_person --
-- Somebody known by address alone; a second mail changes nothing.
insert into nightdesk.person (key, name, short_names, role) values (%(address)s, %(name)s, %(short_names)s, 'outside')
on conflict (key) do update set key = excluded.key
returning id

-- put_address --
-- An address belongs to whom it was first given: nobody takes it over.
insert into nightdesk.address (address, person_id) values (%(address)s, %(person)s) on conflict do nothing

-- person_of_address --
-- Who has this address, if somebody has.
select person_id from nightdesk.address where address = %(address)s

-- put_person_scope --
-- Every person has a desk; its key follows the person's.
insert into nightdesk.scope (key, kind, owner_id) select 'person:' || key, 'person', id from nightdesk.person p
where not exists (select from nightdesk.scope where kind = 'person' and owner_id = p.id)

-- rename_person_scopes --
-- A desk's key follows its person's, when an address turns out to be a member.
update nightdesk.scope set key = 'person:' || person.key from nightdesk.person
where scope.kind = 'person' and scope.owner_id = person.id and scope.key <> 'person:' || person.key

-- put_account --
-- A mailbox belongs to whom it was first connected.
insert into nightdesk.scope (key, kind, name, owner_id) values ('account:' || %(address)s, 'account', %(address)s, %(person)s)
on conflict (key) do update set name = excluded.name returning id, owner_id

-- put_channel --
-- A channel as the export or Slack shows it now.
insert into nightdesk.scope (key, kind, name, channel_kind, shared, has_guests, archived, topic, purpose)
values ('channel:' || %(id)s, 'channel', %(name)s, %(kind)s, %(shared)s, %(has_guests)s, %(archived)s, %(topic)s, %(purpose)s)
on conflict (key) do update set name = excluded.name, channel_kind = excluded.channel_kind, shared = excluded.shared,
  has_guests = excluded.has_guests, archived = excluded.archived, topic = excluded.topic, purpose = excluded.purpose
returning id

-- drop_members --
-- Who is no longer named has left, and reads nothing from this moment.
delete from nightdesk.member where scope_id = %(scope)s and person_id not in
  (select id from nightdesk.person where slack_id = any(%(members)s))

-- put_members --
-- Only known people become members.
insert into nightdesk.member (scope_id, person_id)
select %(scope)s, id from nightdesk.person where slack_id = any(%(members)s) on conflict do nothing

-- find_person --
-- By Slack id or mail address, as a command line names somebody.
select p.id, p.key, p.name, p.short_names, p.settings ->> 'zone' as chosen, p.zone, p.role, p.active, p.slack_id,
  array(select address from nightdesk.address a where a.person_id = p.id order by 1) as addresses
from nightdesk.person p
where p.slack_id = %(who)s or p.id = (select person_id from nightdesk.address where address = lower(%(who)s))

-- zones --
-- What people chose and what Slack or their mail tells of them, each once, with how many people have it.
select zone, count(distinct id)::int as people from (
  select id, settings ->> 'zone' as zone from nightdesk.person union all select id, zone from nightdesk.person) said
where zone <> '' group by zone order by zone

-- people --
-- Everybody, with their addresses.
select p.id, p.key, p.name, p.short_names, p.settings ->> 'zone' as chosen, p.zone, p.role, p.active, p.slack_id,
  array(select address from nightdesk.address a where a.person_id = p.id order by 1) as addresses
from nightdesk.person p order by p.id

-- scopes --
-- Every place there is, with its owner and members; no content.
select s.id, s.key, s.kind, s.name, s.channel_kind, s.shared, s.has_guests, s.archived, s.topic, s.purpose, s.aliases,
  owner.key as owner,
  array(select p.key from nightdesk.member m join nightdesk.person p on p.id = m.person_id
        where m.scope_id = s.id order by 1) as members
from nightdesk.scope s left join nightdesk.person owner on owner.id = s.owner_id order by s.id

-- scope --
-- One place, with its owner and members; no content.
select s.id, s.key, s.kind, s.name, s.channel_kind, s.shared, s.has_guests, s.archived, s.topic, s.purpose, s.aliases,
  owner.key as owner,
  array(select p.key from nightdesk.member m join nightdesk.person p on p.id = m.person_id
        where m.scope_id = s.id order by 1) as members
from nightdesk.scope s left join nightdesk.person owner on owner.id = s.owner_id where s.id = %(id)s

-- channel_scope --
-- One channel by its id alone, with its members; no content.
select s.id, s.key, s.kind, s.name, s.channel_kind, s.shared, s.has_guests, s.archived, s.topic, s.purpose, s.aliases,
  null as owner,
  array(select p.key from nightdesk.member m join nightdesk.person p on p.id = m.person_id
        where m.scope_id = s.id order by 1) as members
from nightdesk.scope s where s.key = 'channel:' || %(channel)s

-- scope_of_person --
-- A person's own desk.
select s.id from nightdesk.scope s join nightdesk.person p on p.id = s.owner_id where s.kind = 'person' and p.key = %(key)s

-- readable_to --
-- Ids of the scopes that a person may read alone, or everybody who reads a channel; no content.
select id from nightdesk.readable(
  case when %(readers_of)s::int is null then 'u:' || %(person)s::bigint else 'c:' || %(readers_of)s::int end) id

-- readable_scopes --
-- Ids of the scopes that the transaction's audience may read.
select id from nightdesk.readable(nightdesk.audience()) id order by id

-- find_channel --
-- By id or by name; a public channel wins over a private one of the same name, then the older one.
select id, key, name, channel_kind from nightdesk.scope
where kind = 'channel' and (key = 'channel:' || %(channel)s or name = ltrim(%(channel)s, '#'))
order by key = 'channel:' || %(channel)s desc, channel_kind <> 'public', id limit 1

-- set_aliases --
-- What nobody else has as their own address.
update nightdesk.scope set aliases = array(
  select a from unnest(%(aliases)s::text[]) a
  where not exists (select from nightdesk.address where address = a and person_id <> scope.owner_id) order by a)
where id = %(scope)s

-- set_zone --
-- Only where Slack names none.
update nightdesk.person set zone = %(zone)s
where id = (select owner_id from nightdesk.scope where id = %(scope)s) and (zone is null or slack_id is null)

-- name_mail_person --
-- Somebody known by address alone gets the name they sign with.
update nightdesk.person set name = %(name)s, short_names = %(short_names)s
where id = (select owner_id from nightdesk.scope where id = %(scope)s) and slack_id is null

-- preferences --
-- How a person wants their nights and mornings.
select settings from nightdesk.person where id = %(person)s

-- hold_person --
-- Whoever changes this person's settings next waits until the transaction ends.
select id from nightdesk.person where id = %(person)s for update

-- set_preferences --
-- What a person chose, in place of what they chose before.
update nightdesk.person set settings = %(settings)s where id = %(person)s

-- slack_side --
-- Where our DM with a person is, and which Home tab they were shown last.
select slack_id, dm, home from nightdesk.person where id = %(person)s

-- set_dm --
-- The DM that Slack opened for us stays the same for ever.
update nightdesk.person set dm = %(dm)s where id = %(person)s

-- set_home --
-- What stands on the person's Home tab, as a hash.
update nightdesk.person set home = %(home)s where id = %(person)s
