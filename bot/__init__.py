"""What Nightdesk touches: Slack, mail, Postgres, models, the clock and the command line."""
