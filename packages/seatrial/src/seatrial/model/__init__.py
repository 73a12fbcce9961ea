"""What it means: queueing simulation, capacity, population, confidence. Pure."""
