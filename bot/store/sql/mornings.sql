-- own_mailboxes --
-- The connected mailboxes of one person, and why one is not read.
select a.scope_id, s.name, a.state, a.problem, a.since, a.retry_at, a.synced_at
from nightdesk.account a join nightdesk.scope s on s.id = a.scope_id where s.owner_id = %(person)s order by s.name

-- night_of --
-- How far the night is that ends on a date; none when nothing began it.
select state, late, wakes_at, slept_at, delivered_at from nightdesk.night where person_id = %(person)s and date = %(date)s

-- nights_with_mail --
-- How many nights of a person were slept since a mailbox of theirs was first read: in all, and of those up to a date.
select count(*) as nights, count(*) filter (where date <= %(date)s) as by_then from nightdesk.night
where person_id = %(person)s and slept_at >= (
  select min(a.first_read_at) from nightdesk.account a join nightdesk.scope s on s.id = a.scope_id where s.owner_id = %(person)s)

-- night_delivered --
-- The digest stands in Slack; once.
update nightdesk.night set state = 'delivered', delivered_at = %(now)s
where person_id = %(person)s and date = %(date)s and state <> 'delivered'

-- digest_dates --
-- Mornings of a person, newest first.
select date from nightdesk.digest where scope_id = %(scope)s and date <= %(until)s order by date desc limit %(most)s

-- spoke_in --
-- Where somebody said or sent something since a moment, among what the audience may read.
select distinct m.scope_id from nightdesk.message m
left join nightdesk.address a on a.address = m.author_address and m.medium = 'mail'
left join nightdesk.person p on p.id = a.person_id
where m.deleted_at is null and m.sent_at > %(since)s and coalesce(p.key, m.author_key) = %(author)s
