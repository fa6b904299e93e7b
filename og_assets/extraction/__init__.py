"""Pull objects from the REST API into the lake, one listing at a time (decision 0014)."""
