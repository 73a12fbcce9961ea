"""What is found in files that were there before Seatrial: an access log."""
