"""What was seen: trials, search, verdicts, environment, study."""
