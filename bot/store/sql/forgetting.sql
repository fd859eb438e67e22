-- be_silent --
-- None of a person's messages are used from now on; `erased`: nor is anything known of them.
select nightdesk.be_silent(%(person)s, %(erased)s)

-- be_heard --
-- A person's messages are used again.
select nightdesk.be_heard(%(person)s)

-- is_left_out --
-- Whether a person wants none of their messages used.
select nightdesk.is_left_out(%(person)s) as left_out

-- unsay_some --
-- Takes back some of what a silent person said before; how many messages that were.
select nightdesk.unsay_some(%(person)s, %(most)s) as count

-- erase --
-- A person goes, with everything that is theirs.
select nightdesk.erase(%(person)s)

-- welcome --
-- Somebody who was erased may be a person here again; whether they were.
select nightdesk.welcome(%(who)s) as erased

-- was_erased --
-- Whether a mail address belongs to somebody who was erased.
select nightdesk.was_erased(%(address)s) as erased

-- forget_erased --
-- The last that is held of people who were erased.
select nightdesk.forget_erased()

-- held_of --
-- All that is held of a person, by kind.
select kind, held from nightdesk.held_of(%(person)s)

-- expire_made --
-- What was made of text from before a moment goes, unless it is still open.
select nightdesk.expire_made(%(before)s)

-- expire_said --
-- Some messages from before a moment lose their words, unless they are still cited; how many those were.
select nightdesk.expire_said(%(before)s, %(most)s) as count
