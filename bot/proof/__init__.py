"""Does sleeping pay? The sleep-time paper's accounting, awake against asleep, and the page that shows it."""
