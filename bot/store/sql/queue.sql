-- defer_job --
-- Enqueued with the rest of the transaction. What waits already under the same name is not enqueued twice, but touched: a
-- worker cannot take it before this transaction commits, so it sees what made it necessary.
insert into procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
values (%(queue)s, %(task)s, %(priority)s, %(lock)s, %(queueing_lock)s, %(args)s, %(at)s)
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
-- Jobs that are still to come to an end, whoever works on them.
select count(*) as count from procrastinate_jobs where status::text in ('todo', 'doing')
