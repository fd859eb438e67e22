"""The desk as processes that stay: `serve` hears Slack, keeps the clock and works; `work` is one more pair of hands."""
