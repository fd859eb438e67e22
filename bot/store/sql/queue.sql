-- defer_job --
-- Enqueued with the rest of the transaction. What waits already under the same name is not enqueued twice, but touched: a
-- worker cannot take it before this transaction commits, so it sees what made it necessary.
insert into procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
values (%(queue)s, %(task)s, %(priority)s, %(lock)s, %(queueing_lock)s, %(args)s,
  coalesce(%(at)s::timestamptz, now() + %(after)s::interval))
on conflict (queueing_lock) where status = 'todo'::procrastinate_job_status do update set
  priority = greatest(procrastinate_jobs.priority, excluded.priority),
  scheduled_at = case when procrastinate_jobs.scheduled_at is null or excluded.scheduled_at is null then null
    else least(procrastinate_jobs.scheduled_at, excluded.scheduled_at) end

-- restore_job --
-- Enqueued unless one of that name waits, runs, or was given up: its waits are not cut short.
insert into procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
select %(queue)s, %(task)s, %(priority)s, %(lock)s, %(queueing_lock)s, %(args)s, %(at)s
where not exists (
  select from procrastinate_jobs where queueing_lock = %(queueing_lock)s and status::text = any(%(unless)s))
on conflict (queueing_lock) where status = 'todo'::procrastinate_job_status do nothing

-- jobs_left --
-- Jobs that are under way, due by the given moment, or tried again: what is put off to a later one may wait. So may a
-- delivery that met the message while somebody else was saying it, once it is said.
select count(*) as count from procrastinate_jobs job
where status::text = 'doing'
  or status::text = 'todo' and (attempts > 0 or coalesce(scheduled_at, now()) <= greatest(now(), %(now)s))
    and not (attempts > 0 and task_name = 'deliver'
      and not exists (select from nightdesk.pending_posts() post where post.key = job.args ->> 'key'))

-- bring_forward --
-- What is due by a clock that is ahead of the database's may run; what is tried again goes by the database's.
update procrastinate_jobs set scheduled_at = null
where status::text = 'todo' and attempts = 0 and scheduled_at > now() and scheduled_at <= %(now)s
