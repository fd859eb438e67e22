"""What Nightdesk thinks: pure values, rules and LangGraph graphs. Nothing here does input or output."""
