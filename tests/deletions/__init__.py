"""Finding out what was deleted: censuses, candidates, and the questions about them."""
