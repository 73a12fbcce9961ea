"""The same workload for other load generators, which can drive it from several machines."""
