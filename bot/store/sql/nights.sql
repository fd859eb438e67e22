-- begin_night --
-- One night for each person and date, whoever begins it.
insert into nightdesk.night (person_id, date, begun_at, late, wakes_at, ends_at)
values (%(person)s, %(date)s, %(now)s, %(late)s, %(wakes)s, %(ends)s)
on conflict do nothing

-- put_off --
-- Its person keeps another clock now, by which the morning is later than by any before.
update nightdesk.night set wakes_at = greatest(wakes_at, %(wakes)s), ends_at = greatest(ends_at, %(ends)s)
where person_id = %(person)s and date = %(date)s and state <> 'delivered'

-- nights_since --
-- How far nights are that end on this date or later.
select person_id, date, state, late, wakes_at, ends_at from nightdesk.night where date >= %(date)s

-- night_slept --
-- Everything of it is thought; its digest can be delivered.
update nightdesk.night set state = 'slept', slept_at = %(now)s
where person_id = %(person)s and date = %(date)s and state = 'begun'

-- night_late --
-- Why its digest comes late; the first reason stays, except that a night which still ran may come to fail.
update nightdesk.night set late = %(late)s
where person_id = %(person)s and date = %(date)s and state <> 'delivered' and late in ('', %(running)s) and late <> %(late)s

-- sleepers --
-- People of the workspace who use the desk and whom a DM can reach.
select id, zone, met_at from nightdesk.person
where active and slack_id is not null and role in ('member', 'guest') and met_at is not null order by id

-- meet --
-- Somebody uses the desk; only the first time counts.
update nightdesk.person set met_at = %(now)s where slack_id = %(user)s and met_at is null

-- meet_connected --
-- Who connected a mailbox uses the desk.
update nightdesk.person set met_at = %(now)s where met_at is null and id in (
  select scope.owner_id from nightdesk.connected() account join nightdesk.scope on scope.id = account.scope_id)

-- watch --
-- The clock is watched. After a gap it says since when again: what fell into it was missed because nobody was there.
update nightdesk.workspace set
  woke_at = case when watched_at is null or watched_at < %(gap)s then %(now)s else woke_at end,
  watched_at = %(now)s

-- watched --
-- Since when the clock is watched again, and when the last pause ended.
select woke_at, resumed_at, paused from nightdesk.workspace

-- pause_all --
-- Nothing more is done outside until it is resumed.
update nightdesk.workspace set paused = true where not paused

-- resume_all --
-- From now on things are done again.
update nightdesk.workspace set paused = false, resumed_at = %(now)s where paused

-- restless --
-- Channels that a nap is due for.
select scope_id from nightdesk.restless(%(since)s, %(quiet)s, %(many)s)

-- last_sleep --
-- The job of somebody's night that was enqueued last, if it is not done.
select id, status::text as status from procrastinate_jobs
where task_name = 'sleep' and lock = %(lock)s and args ->> 'date_' = %(date)s order by id desc limit 1

-- is_coming --
-- Whether jobs of some stages of a night wait or are under way, for one of these places or for none in particular.
select exists (
  select from procrastinate_jobs
  where queue_name = any(%(stages)s) and status in ('todo', 'doing') and args ->> 'date_' = %(date)s
    and coalesce(args ->> 'scope' = any(%(scopes)s), true)) as coming

-- not_read --
-- Places that a night of this date has not read to the end: one waits or is under way, or none came to its end.
select place.id from nightdesk.scope place
left join nightdesk.run on run.id = place.key || '/' || %(date)s || '/consolidate'
left join lateral (
  select bool_or(status in ('todo', 'doing')) as coming from procrastinate_jobs
  where task_name = 'consolidate' and status <> 'succeeded' and args ->> 'scope' = place.id::text and args ->> 'date_' = %(date)s
) job on true
where place.id = any(%(scopes)s)
  and (coalesce(job.coming, false) or (coalesce(run.state, 'new') <> 'done' and (run.id is not null or job.coming is not null)))
order by place.id

-- forget_jobs --
-- Failed jobs are kept so long for whoever looks into them.
delete from procrastinate_jobs job where status in ('failed', 'aborted', 'cancelled', 'succeeded') and not exists (
  select from procrastinate_events event where event.job_id = job.id and event.at > %(since)s)
