"""How well searching works: measured, not guessed."""
