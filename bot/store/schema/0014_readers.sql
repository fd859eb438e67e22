-- Who reads what is asked with every statement on content, so it is planned once for each connection and not each time.
alter function nightdesk.readable(text) set plan_cache_mode = force_generic_plan;
alter function nightdesk.writable(text) set plan_cache_mode = force_generic_plan;
