"""Small models made on the spot: shaped like the real ones, with random weights."""
