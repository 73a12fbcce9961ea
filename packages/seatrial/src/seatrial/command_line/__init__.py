"""The arguments of the larger commands, each in a module of its own; `seatrial.cli` puts them together."""
