"""What levers did: effects with intervals, predictions, a ranked answer. Pure."""
