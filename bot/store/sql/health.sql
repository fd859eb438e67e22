-- server --
-- Who we are there, which server it is, what its clock says, and how much it holds.
select current_setting('server_version_num')::int as version, clock_timestamp() as clock, current_user as role,
  exists (select from pg_extension where extname = 'vector') as vectors, pg_database_size(current_database()) as bytes

-- migrations --
-- What the owner applied of ours.
select name from public.schema_migration where origin = 'nightdesk'

-- audience --
-- Whom this transaction reads for; null when the database does not know our signature.
select nightdesk.audience() as audience

-- queue_health --
-- Workers that gave a sign of life lately, jobs that wait and may run, the oldest of them, jobs of silent workers, and failures.
select
  (select count(*) from procrastinate_workers where last_heartbeat > now() - make_interval(secs => %(silent)s)) as workers,
  count(*) filter (where due) as due,
  coalesce(extract(epoch from now() - min(since) filter (where due)), 0)::float as oldest,
  count(*) filter (where stalled) as stalled,
  count(*) filter (where failed) as failed
from (
  select
    status = 'todo' and coalesce(scheduled_at, now()) <= now() as due,
    status = 'failed' and happened.at > now() - interval '1 day' as failed,
    status = 'doing' and not exists (
      select from procrastinate_workers w where w.id = job.worker_id and w.last_heartbeat > now() - make_interval(secs => %(silent)s)
    ) as stalled,
    greatest(job.scheduled_at, happened.at) as since
  from procrastinate_jobs job
  left join lateral (select max(at) as at from procrastinate_events where job_id = job.id) happened on true
  where status in ('todo', 'doing', 'failed')
) counted

-- event_health --
-- When Slack was last heard, how many events nobody handled yet, the age of the oldest, and how many were put aside.
select max(received_at) as last, count(*) filter (where handled_at is null and problem = '') as waiting,
  coalesce(extract(epoch from now() - min(received_at) filter (where handled_at is null and problem = '')), 0)::float as oldest,
  count(*) filter (where problem <> '') as aside
from nightdesk.slack_event

-- slow_channels --
-- Whether Slack was found to give 15 objects a call.
select count(*) filter (where slow) as slow, count(*) as channels from nightdesk.slack_cursor
