"""What `nightdesk` runs on where nothing is set up: a Postgres of its own, and a made-up company."""
