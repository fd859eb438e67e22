-- log_change --
-- One line of the night's readable diff.
insert into nightdesk.change_log (scope_id, night, op, what, memories, was)
values (%(scope)s, %(night)s, %(op)s, %(what)s, %(memories)s, %(was)s)

-- changes_of --
-- What one night changed in the scopes given, as it happened.
select s.key as scope, c.op, c.what from nightdesk.change_log c join nightdesk.scope s on s.id = c.scope_id
where c.scope_id = any(%(scopes)s) and c.night = %(night)s
order by s.key, c.id
