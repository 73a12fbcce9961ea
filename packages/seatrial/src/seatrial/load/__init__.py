"""What drives the subject: arrivals, journeys, client, driver, observations."""
