"""What to do: bottleneck and findings. Pure."""
