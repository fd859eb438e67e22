-- Questions that the night expects, answered ahead. Offered only while all that an answer rests on stands as it was read.

create table nightdesk.prepared (
  id bigint generated always as identity primary key,
  scope_id int not null references nightdesk.scope, -- for whose readers: a channel, or a person's desk
  key text not null,                    -- derived from the question: asked again, it is answered anew in place
  question text not null,
  also text[] not null,                 -- the same in other words
  words text[] not null,                -- stems of both and of the answer: what a live question is matched by
  lang text not null,
  reason text not null,                 -- why it is expected
  score real not null,                  -- how surely
  answer text not null,                 -- each statement with the places of its citations, as [1]
  citations jsonb not null,
  night date not null,
  at timestamptz not null,              -- what was said up to here was read
  newest bigint not null,               -- likewise what was stored: the newest row
  expires timestamptz not null,
  unique (scope_id, key)
);

-- What an answer was made from, in the words that were read: all that was shown to the model, and what of it is cited.
create table nightdesk.prepared_source (
  scope_id int not null references nightdesk.scope,
  prepared_id bigint not null references nightdesk.prepared on delete cascade,
  message_id bigint not null,           -- goes with its message by `forget_prepared`
  revision int not null,
  cited boolean not null,
  primary key (prepared_id, message_id)
);
create index on nightdesk.prepared_source (message_id);

-- What became of it, kept where it was asked: what one place asks shows in no other.
create table nightdesk.prepared_use (
  scope_id int not null references nightdesk.scope,
  prepared_id bigint not null,          -- may be gone: a count holds no words
  day date not null,
  offered int not null default 0,       -- given to the model
  cited int not null default 0,         -- and the answer stands on it
  withheld int not null default 0,      -- not given: something it rests on has changed
  primary key (scope_id, prepared_id, day)
);

call nightdesk.guard('nightdesk.prepared');
call nightdesk.guard('nightdesk.prepared_source');
call nightdesk.guard('nightdesk.prepared_use');

-- What became of all that was prepared, for whoever runs the desk: counts, of nobody in particular.
create function nightdesk.prepared_counts(since date) returns table (offered int, cited int, withheld int)
language sql stable security definer set search_path = nightdesk, pg_temp as $$
  select coalesce(sum(u.offered), 0)::int, coalesce(sum(u.cited), 0)::int, coalesce(sum(u.withheld), 0)::int
  from prepared_use u where u.day >= since
$$;

-- Keeps an answer, if all it was made from stands as it was read and may be read by all it is for. The messages are held
-- until the transaction ends: a change of one waits, and then finds the answer.
create function nightdesk.keep_prepared(here int, made nightdesk.prepared, ids bigint[], revisions int[], cites boolean[])
returns boolean language plpgsql security definer set search_path = nightdesk, pg_temp as $$
declare
  row_id bigint;
begin
  if here is distinct from writable(audience()) then
    raise insufficient_privilege using message = 'another scope''s answer';
  end if;
  perform from message where id = any(ids) order by id for share;
  delete from prepared where scope_id = here and key = made.key;
  if not coalesce(true = any(cites), false) or exists (
      select from unnest(ids, revisions) as read(id, revision)
      left join message m on m.id = read.id and m.deleted_at is null and m.revision = read.revision
        and m.scope_id in (select readable(readers_of(here)))
      where m.id is null) then
    return false;
  end if;
  insert into prepared (scope_id, key, question, also, words, lang, reason, score, answer, citations, night, at, newest, expires)
  values (here, made.key, made.question, made.also, made.words, made.lang, made.reason, made.score, made.answer,
    made.citations, made.night, made.at, made.newest, made.expires)
  returning id into row_id;
  insert into prepared_source
  select here, row_id, one.id, one.revision, one.cited from unnest(ids, revisions, cites) as one(id, revision, cited);
  return true;
end $$;

-- Words that changed or went take with them what was answered from them, in the same transaction.
create function nightdesk.forget_prepared() returns trigger
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  delete from prepared where id in (select prepared_id from prepared_source where message_id = old.id);
  return old;
end $$;
create trigger forget_prepared after update on nightdesk.message for each row
  when (old.revision <> new.revision or old.deleted_at is null and new.deleted_at is not null)
  execute function nightdesk.forget_prepared();
create trigger forget_prepared_removed before delete on nightdesk.message for each row
  execute function nightdesk.forget_prepared();

-- Who leaves a conversation loses what was answered for them alone from it.
create function nightdesk.forget_left() returns trigger
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  delete from prepared p using scope
  where scope.id = p.scope_id and scope.kind = 'person' and scope.owner_id = old.person_id
    and not old.scope_id in (select readable('u:' || old.person_id))
    and exists (
      select from prepared_source s join message m on m.id = s.message_id
      where s.prepared_id = p.id and m.scope_id = old.scope_id);
  return null;
end $$;
create trigger forget_left after delete on nightdesk.member for each row execute function nightdesk.forget_left();
