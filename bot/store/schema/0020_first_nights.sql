-- The first nights with a mailbox only show their drafts in Slack: those that were slept since the moment kept here.
-- Of a mailbox that was connected before, it is the next time that it is read, so that its owner is told when they end.
alter table nightdesk.account add column first_read_at timestamptz; -- to the end; null: not yet
