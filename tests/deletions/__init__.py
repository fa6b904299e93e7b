"""Detection of deletions: open-ID listings, suspected deletions, existence checks, webhook coverage."""
