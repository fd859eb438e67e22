-- unembedded --
-- Messages of a scope whose present words a model has not seen, newest first.
select m.id from nightdesk.message m left join nightdesk.message_vector v on v.message_id = m.id and v.model = %(model)s
where m.scope_id = %(scope)s and m.deleted_at is null and m.text <> '' and m.sent_at <= %(until)s and v.message_id is null
order by m.sent_at desc, m.key limit %(most)s

-- put_vector --
-- Only for the words that it was made of; whichever model was asked last counts.
insert into nightdesk.message_vector (scope_id, message_id, revision, model, vector)
select scope_id, id, revision, %(model)s, %(vector)s from nightdesk.message
where id = %(message)s and scope_id = %(scope)s and revision = %(revision)s and deleted_at is null
on conflict (message_id) do update set revision = excluded.revision, model = excluded.model, vector = excluded.vector

-- vectors_of --
-- Of those messages that the audience may read.
select message_id, vector from nightdesk.message_vector where message_id = any(%(messages)s) and model = %(model)s
