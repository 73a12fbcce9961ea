"""What was seen: observations, histograms, series and tallies, and the interval that collects them."""
