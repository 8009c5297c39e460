"""What a run is made of: candidates, outcomes, populations, as arrays."""
