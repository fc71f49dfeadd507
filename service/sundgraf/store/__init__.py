"""Where the graph is kept: the embedded store with its query workers, and remote engines."""
