"""Everything that is kept, on one Postgres: queries in `sql/`, tables in `schema/`, a small module for each group of tables."""
