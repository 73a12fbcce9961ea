"""When requests are due, as pure arithmetic, and the clock that keeps to it."""
