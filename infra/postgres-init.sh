#!/bin/sh
# Run once by the postgres image, on an empty volume: a database and its owner, who is no superuser.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$OWNER_PASSWORD" -U "${POSTGRES_USER:-postgres}" -d postgres <<'END'
create role nightdesk_owner login createrole password :'password';
create database nightdesk owner nightdesk_owner;
END
psql -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d nightdesk <<'END'
select exists (select from pg_available_extensions where name = 'vector') as has_vector \gset
\if :has_vector
create extension if not exists vector;
\endif
END
