-- put_account_login --
-- How to reach a mailbox; connecting it again replaces the password and lets a paused one go on.
insert into nightdesk.account (scope_id, host, port, security, login, secret, folders)
values (%(scope)s, %(host)s, %(port)s, %(security)s, %(login)s, %(secret)s, %(folders)s)
on conflict (scope_id) do update set host = excluded.host, port = excluded.port, security = excluded.security,
  login = excluded.login, secret = excluded.secret, folders = excluded.folders, state = 'ok', problem = '', since = now(),
  retry_at = null

-- account_hosts --
-- Where the mailboxes are that the audience may read.
select scope.key, account.host from nightdesk.account join nightdesk.scope on scope.id = account.scope_id

-- account_login --
-- A connected mailbox with its sealed password.
select host, port, security, login, secret, folders, state, problem, since, retry_at, synced_at
from nightdesk.account where scope_id = %(scope)s

-- connected --
-- Which mailboxes are connected; any transaction may ask.
select scope_id, state, retry_at, synced_at from nightdesk.connected()

-- account_paused --
-- Not read until a person acted; once, so that its owner is told once.
update nightdesk.account set state = 'paused', problem = %(problem)s, since = %(now)s
where scope_id = %(scope)s and state = 'ok'

-- account_waits --
-- The server asked to be left alone for a while.
update nightdesk.account set retry_at = %(until)s where scope_id = %(scope)s

-- account_synced --
-- Read to the end just now.
update nightdesk.account set synced_at = %(now)s, first_read_at = coalesce(first_read_at, %(now)s), retry_at = null, problem = '' where scope_id = %(scope)s

-- reseal_account --
-- The same password under another key.
update nightdesk.account set secret = %(secret)s where scope_id = %(scope)s

-- empty_account --
-- Disconnected: the password goes, the mails with what leaned on them, and every other row of the mailbox.
select nightdesk.empty_account()

-- mailboxes --
-- How far each mailbox of an account was read.
select name, role, uidvalidity, last_uid, uidnext, messages from nightdesk.mailbox where scope_id = %(scope)s

-- put_mailbox --
-- How far a mailbox was read.
insert into nightdesk.mailbox (scope_id, name, role, uidvalidity, last_uid, uidnext, messages)
values (%(scope)s, %(name)s, %(role)s, %(uidvalidity)s, %(last_uid)s, %(uidnext)s, %(messages)s)
on conflict (scope_id, name) do update set role = excluded.role, uidvalidity = excluded.uidvalidity,
  last_uid = excluded.last_uid, uidnext = excluded.uidnext, messages = excluded.messages

-- forget_uids --
-- The server gave every mail of a mailbox a new UID.
delete from nightdesk.mail_uid where scope_id = %(scope)s and name = %(name)s

-- uids --
-- Which UIDs of a mailbox are known, and as which message.
select uid, key from nightdesk.mail_uid where scope_id = %(scope)s and name = %(name)s order by uid

-- put_uids --
-- What was read.
insert into nightdesk.mail_uid (scope_id, name, uid, key)
select %(scope)s, %(name)s, * from unnest(%(uids)s::bigint[], %(keys)s::text[]) on conflict do nothing

-- drop_uids --
-- What is no longer there.
delete from nightdesk.mail_uid where scope_id = %(scope)s and name = %(name)s and uid = any(%(uids)s)

-- unplaced_keys --
-- Of these keys those that a message has and no UID: it came from a file, or its mailbox was renumbered.
select key from nightdesk.message m
where scope_id = %(scope)s and key = any(%(keys)s)
  and not exists (select from nightdesk.mail_uid u where u.scope_id = m.scope_id and u.key = m.key)

-- placed_ids --
-- Message-IDs that lie in some mailbox of this account.
select m.facts ->> 'message_id' as id from nightdesk.message m
where m.scope_id = %(scope)s and m.facts ->> 'message_id' = any(%(ids)s)
  and exists (select from nightdesk.mail_uid u where u.scope_id = m.scope_id and u.key = m.key)

-- ids_of_keys --
-- The Message-IDs of messages by their keys.
select key, facts ->> 'message_id' as id from nightdesk.message
where scope_id = %(scope)s and key = any(%(keys)s) and deleted_at is null

-- replies_known --
-- Which of these Message-IDs a mail of that mailbox answers that no machine wrote, and when it last did.
select facts ->> 'in_reply_to' as id, max(sent_at) as at from nightdesk.message
where scope_id = %(scope)s and deleted_at is null and facts ->> 'mailbox' = %(role)s
  and coalesce(facts ->> 'auto_submitted', '') not like 'auto%%'
  and facts ->> 'in_reply_to' = any(%(ids)s)
group by 1

-- ledger --
-- The drafts of one account that may lie in its Drafts, or should.
select account, answers, state, value, mail, night, uidvalidity, uidnext, uid, begun_at, stands, problem
from nightdesk.draft where scope_id = %(scope)s and account = %(account)s
  and (state in ('planned', 'appended', 'edited') or uid is not null or begun_at is not null)
order by night, answers

-- begin_append --
-- The intent: from here on a draft may lie beyond this UID, until it is known.
update nightdesk.draft set uidvalidity = %(uidvalidity)s, uidnext = %(uidnext)s, begun_at = %(now)s, problem = ''
where scope_id = %(scope)s and account = %(account)s and answers = %(answers)s and state = 'planned' and begun_at is null

-- moot_draft --
-- Not needed any more. What lies in Drafts is in doubt from now on: a mail program may be sending it just now.
update nightdesk.draft set state = 'withdrawn', begun_at = case when uid is null then begun_at else %(now)s end
where scope_id = %(scope)s and account = %(account)s and answers = %(answers)s and state in ('planned', 'appended')

-- not_appended --
-- It is known again where it lies, or that it does not: it may be tried again, unless a person has to act first.
update nightdesk.draft set begun_at = null, problem = %(problem)s
where scope_id = %(scope)s and account = %(account)s and answers = %(answers)s

-- appended --
-- It lies there, in these bytes.
update nightdesk.draft set state = case when state = 'planned' then 'appended' else state end, uidvalidity = %(uidvalidity)s,
  uid = %(uid)s, stands = %(stands)s, begun_at = null, appended_at = %(now)s, problem = ''
where scope_id = %(scope)s and account = %(account)s and answers = %(answers)s

-- draft_gone --
-- It no longer lies where we put it.
update nightdesk.draft set uid = null, begun_at = null, problem = %(problem)s, state = %(state)s
where scope_id = %(scope)s and account = %(account)s and answers = %(answers)s

-- forget_draft --
-- What it rested on is gone, and it lies nowhere: the mail, if there is one, may be answered anew.
delete from nightdesk.draft
where scope_id = %(scope)s and account = %(account)s and answers = %(answers)s
  and state = 'fallen' and uid is null and begun_at is null

-- draft_missed --
-- It was not there when last looked for; a mail program may be sending it just now.
update nightdesk.draft set begun_at = coalesce(begun_at, %(now)s)
where scope_id = %(scope)s and account = %(account)s and answers = %(answers)s
