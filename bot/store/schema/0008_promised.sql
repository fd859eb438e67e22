-- People may change zone and hours between a night and its morning, and lose no digest by it.
-- Both moments are the latest by all clocks that the night's person has kept since it began.
alter table nightdesk.night
  add column wakes_at timestamptz,      -- the wake-up
  add column ends_at timestamptz;       -- the date is over
-- Of nights begun before nobody knows; the next look promises those that are to be delivered yet.
update nightdesk.night set wakes_at = begun_at, ends_at = begun_at;
alter table nightdesk.night alter column wakes_at set not null, alter column ends_at set not null;
