"""From one study to fleets: what so many daily users need, and what changes first on the way there."""
