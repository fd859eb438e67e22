-- What an embedding model makes of a message, where one is set: never required, and nothing is found by it alone.

create table nightdesk.message_vector (
  scope_id int not null references nightdesk.scope,
  message_id bigint primary key references nightdesk.message on delete cascade,
  revision int not null,                -- of the words it was made of
  model text not null,
  vector bytea not null                 -- little-endian 32-bit floats of unit length; empty: not to be shown to a model
);
create index on nightdesk.message_vector (scope_id);
call nightdesk.guard('nightdesk.message_vector');

-- Words that changed or went take their meaning with them.
create function nightdesk.forget_vector() returns trigger
language plpgsql security definer set search_path = nightdesk, pg_temp as $$
begin
  delete from message_vector where message_id = old.id;
  return null;
end $$;
create trigger forget_vector after update on nightdesk.message for each row
  when (old.revision <> new.revision or old.deleted_at is distinct from new.deleted_at)
  execute function nightdesk.forget_vector();
revoke execute on function nightdesk.forget_vector from public;
