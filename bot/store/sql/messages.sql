-- put_slack --
-- New, or changed since: then it is another revision, and what was concluded from the old words falls. The same bytes again
-- change nothing, and a new reaction is no new revision. What could not be read before, and can be now, is out of quarantine.
with said as (
  select * from jsonb_to_recordset(%(rows)s) as r(key text, thread text, author_key text, author_name text,
    author_address text, author_kind text, sent_at timestamptz, edited_at timestamptz, day date, text text, mentions text[],
    facts jsonb, lang text, hash text)),
released as (delete from nightdesk.quarantine where scope_id = %(scope)s and key in (select key from said))
insert into nightdesk.message (scope_id, key, medium, thread, author_key, author_name, author_address, author_kind, sent_at,
  edited_at, day, text, mentions, facts, lang, hash)
select %(scope)s, key, 'slack', thread, author_key, author_name, author_address, author_kind, sent_at, edited_at, day, text,
  mentions, facts, lang, decode(hash, 'hex')
from said
on conflict (scope_id, key) do update set thread = excluded.thread, author_name = excluded.author_name,
  author_kind = excluded.author_kind, edited_at = excluded.edited_at, day = coalesce(excluded.day, message.day),
  text = excluded.text, mentions = excluded.mentions,
  facts = excluded.facts, lang = excluded.lang, hash = excluded.hash, deleted_at = excluded.deleted_at, -- null, or silent
  changed_at = case when message.text <> excluded.text then clock_timestamp() else message.changed_at end,
  revision = message.revision + (message.text <> excluded.text)::int
where message.hash <> excluded.hash or message.deleted_at is not null

-- put_mail --
-- A mail never changes: what has the same key is the same mail.
with said as (
  select * from jsonb_to_recordset(%(rows)s) as r(key text, thread text, author_key text, author_name text,
    author_address text, author_kind text, sent_at timestamptz, edited_at timestamptz, day date, text text, mentions text[],
    facts jsonb, lang text, hash text))
insert into nightdesk.message (scope_id, key, medium, thread, author_key, author_name, author_address, author_kind, sent_at,
  text, mentions, facts, lang, hash)
select %(scope)s, key, 'mail', thread, author_key, author_name, author_address, author_kind, sent_at, text, '{}', facts, lang,
  decode(hash, 'hex')
from said
on conflict (scope_id, key) do nothing

-- known_refs --
-- The threads of Message-IDs that were ever named in an account, and when each of those threads began.
select r.ref, r.thread, coalesce(
  (select min(m.sent_at) from nightdesk.message m where m.scope_id = r.scope_id and m.thread = r.thread), now()) as began
from nightdesk.mail_ref r where r.scope_id = %(scope)s and r.ref = any(%(refs)s)

-- put_refs --
-- Every Message-ID that a mail is, answers or refers to belongs to its thread.
insert into nightdesk.mail_ref (scope_id, ref, thread)
select %(scope)s, * from unnest(%(refs)s::text[], %(threads)s::text[])
on conflict (scope_id, ref) do update set thread = excluded.thread where mail_ref.thread <> excluded.thread

-- twin_keys --
-- Which of these keys stand already, and for what content.
select key, hash from nightdesk.message where scope_id = %(scope)s and key = any(%(keys)s)

-- join_thread --
-- Threads that grew together go on as the older one.
update nightdesk.message set thread = %(thread)s
where scope_id = %(scope)s and medium = 'mail' and thread = %(younger)s

-- join_refs --
-- Likewise what is named but not stored.
update nightdesk.mail_ref set thread = %(thread)s where scope_id = %(scope)s and thread = %(younger)s

-- delete_missing --
-- What a later import no longer has, on a day whose file is present, was deleted.
update nightdesk.message set deleted_at = now(), changed_at = clock_timestamp(), text = '', mentions = '{}',
  facts = case medium when 'mail' then jsonb_build_object('message_id', facts ->> 'message_id') else '{}' end,
  revision = revision + 1,
  author_key = case medium when 'mail' then '' else author_key end,
  author_name = case medium when 'mail' then '' else author_name end,
  author_address = case medium when 'mail' then '' else author_address end
where scope_id = %(scope)s and medium = 'slack' and deleted_at is null
  and day = %(day)s and not key = any(%(present)s)

-- delete_one --
-- A tombstone: the row stays, so that what leaned on it falls, and its words go.
update nightdesk.message set deleted_at = now(), changed_at = clock_timestamp(), text = '', mentions = '{}',
  facts = case medium when 'mail' then jsonb_build_object('message_id', facts ->> 'message_id') else '{}' end,
  revision = revision + 1,
  author_key = case medium when 'mail' then '' else author_key end,
  author_name = case medium when 'mail' then '' else author_name end,
  author_address = case medium when 'mail' then '' else author_address end
where scope_id = %(scope)s and key = %(key)s and deleted_at is null

-- moment --
-- By the clock that says when messages changed.
select clock_timestamp() as at

-- forget_since --
-- What was concluded from messages that have changed since a moment, as far as the audience may read them.
select nightdesk.forget_since(%(since)s)

-- quarantine --
-- What could not be read, with the reason and never the thing itself.
insert into nightdesk.quarantine (scope_id, key, reason) values (%(scope)s, %(key)s, %(reason)s)
on conflict (scope_id, key) do update set reason = excluded.reason

-- quarantined --
-- How many of each scope could not be read, with one of the reasons.
select scope_id, count(*) as count, min(reason) as reason from nightdesk.quarantine where scope_id = any(%(scopes)s)
group by scope_id order by scope_id

-- index_scope --
-- Brings the search index of the writer's scope up to date; how many messages that took.
select nightdesk.index_scope() as count

-- sent_times --
-- Moments of what a viewer may read, for finding the newest plausible one.
select sent_at from nightdesk.message where deleted_at is null and sent_at <= %(latest)s order by sent_at desc limit 5000

-- messages_of --
-- Whole threads that said something within the window, oldest first; who wrote is joined by verified address.
select m.id, s.key as scope, m.key, m.medium, m.thread, m.sent_at, m.edited_at, m.text, m.mentions, m.facts, m.lang,
  m.revision, coalesce(p.key, m.author_key) as author_key, m.author_name, m.author_address,
  coalesce(p.role, m.author_kind) as author_kind
from nightdesk.message m join nightdesk.scope s on s.id = m.scope_id
left join nightdesk.address a on a.address = m.author_address and m.medium = 'mail'
left join nightdesk.person p on p.id = a.person_id or p.slack_id = m.author_key
where m.scope_id = %(scope)s and m.deleted_at is null and m.sent_at <= %(until)s
  and m.thread in (
    select thread from nightdesk.message
    where scope_id = %(scope)s and deleted_at is null and sent_at > %(since)s and sent_at <= %(until)s)
order by m.sent_at, m.id

-- messages_by_id --
-- In the order of the ids given; what the audience may not read is absent.
select m.id, s.key as scope, m.key, m.medium, m.thread, m.sent_at, m.edited_at, m.text, m.mentions, m.facts, m.lang,
  m.revision, coalesce(p.key, m.author_key) as author_key, m.author_name, m.author_address,
  coalesce(p.role, m.author_kind) as author_kind
from unnest(%(ids)s::bigint[]) with ordinality as wanted(id, place)
join nightdesk.message m on m.id = wanted.id join nightdesk.scope s on s.id = m.scope_id
left join nightdesk.address a on a.address = m.author_address and m.medium = 'mail'
left join nightdesk.person p on p.id = a.person_id or p.slack_id = m.author_key
where m.deleted_at is null
order by wanted.place

-- recall --
-- The definer function ranks within the viewer's scopes and returns ids only; the join runs under row-level security. Ranks
-- are those of `found_items`, and what ranks the same comes by where and when it was said.
select m.id, hit.score, s.key as scope, m.key, m.medium, m.facts ->> 'message_id' as message_id
from nightdesk.found_items(%(question)s, %(lang)s, %(most)s, %(until)s) as hit(message_id, score)
join nightdesk.message m on m.id = hit.message_id join nightdesk.scope s on s.id = m.scope_id
order by hit.score desc, s.key, m.sent_at, m.key

-- readable_since --
-- When the first message was said that the audience may read.
select min(first.sent_at) as at from nightdesk.readable(nightdesk.audience()) scope, lateral (
  select sent_at from nightdesk.message
  where scope_id = scope and deleted_at is null and text <> '' order by sent_at limit 1) first

-- unnoted --
-- Messages that no night has read for memories in their present words.
select id from nightdesk.message
where scope_id = %(scope)s and noted_revision <> revision and deleted_at is null and text <> ''
  and sent_at > %(since)s and sent_at <= %(until)s
order by sent_at, id

-- set_noted --
-- The present words of these messages were read for memories.
update nightdesk.message set noted_revision = revision where scope_id = %(scope)s and id = any(%(ids)s)

-- by_sources --
-- Slack messages by channel scope and ts, mails by account scope and Message-ID, among those that the audience may read.
select m.id from unnest(%(channels)s::text[], %(times)s::text[]) as named(place, ts)
join nightdesk.scope s on s.key = named.place join nightdesk.message m on m.scope_id = s.id and m.key = named.ts
where m.medium = 'slack' and m.deleted_at is null
union
select m.id from unnest(%(accounts)s::text[], %(message_ids)s::text[]) as named(place, message_id)
join nightdesk.scope s on s.key = named.place
join nightdesk.message m on m.scope_id = s.id and m.facts ->> 'message_id' = named.message_id
where m.medium = 'mail' and m.deleted_at is null
order by id

-- offsets --
-- Minutes east of UTC of a mailbox's Sent, commonest first.
select (facts ->> 'offset_minutes')::int as minutes, count(*) as count from nightdesk.message
where scope_id = %(scope)s and medium = 'mail' and facts ->> 'mailbox' = 'sent' and facts ? 'offset_minutes'
group by 1 order by 2 desc, 1 limit 1

-- own_addresses --
-- From which addresses a mailbox's Sent was written, and to which ones its mail was delivered.
select sender as address, max(name) as name, count(*) as count from (
  select facts -> 'sender' ->> 'address' as sender, facts -> 'sender' ->> 'name' as name from nightdesk.message
  where scope_id = %(scope)s and medium = 'mail' and facts ->> 'mailbox' = 'sent'
  union all
  select jsonb_array_elements_text(facts -> 'delivered_to'), null from nightdesk.message
  where scope_id = %(scope)s and medium = 'mail' and facts ->> 'mailbox' = 'inbox') own
group by sender order by count(*) desc, sender

-- correspondents --
-- Domains that somebody's Sent was written to.
select distinct split_part(recipient ->> 'address', '@', 2) as domain
from nightdesk.message, jsonb_array_elements(facts -> 'to') recipient
where medium = 'mail' and scope_id = any(%(scopes)s) and facts ->> 'mailbox' = 'sent' order by 1

-- followers --
-- What was said next, in the same thread or run: an answer stands behind its question.
select t.message_id as id, (
  select n.message_id from nightdesk.turn n
  where n.scope_id = t.scope_id and n.session = t.session and (n.at, n.message_id) > (t.at, t.message_id)
    and n.at <= %(until)s
  order by n.at, n.message_id limit 1) as next
from nightdesk.turn t where t.message_id = any(%(ids)s)

-- nearby --
-- What stands around a message in its thread or run, nearest first.
select n.message_id as id from nightdesk.turn t join nightdesk.turn n on n.scope_id = t.scope_id and n.session = t.session
where t.message_id = %(id)s and n.at <= %(until)s
order by abs(extract(epoch from n.at - t.at)), n.message_id limit %(most)s

-- newest_of --
-- The last that was said in a place, newest first; not what only asks us something.
select id from nightdesk.message
where scope_id = %(scope)s and sent_at > %(since)s and sent_at <= %(until)s and deleted_at is null and text <> ''
  and not coalesce((facts ->> 'asks_us')::boolean, false)
order by sent_at desc, id desc limit %(most)s
