"""What it means: operational laws, queueing simulation, population. Pure."""
