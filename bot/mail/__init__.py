"""Mail: what raw bytes say, where they lie, and the draft that answers them. Sockets live elsewhere."""
