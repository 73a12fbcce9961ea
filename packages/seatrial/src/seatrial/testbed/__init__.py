"""Where the subject runs: limits, placement, server, database, readiness, meters."""
