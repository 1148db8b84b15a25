"""Knowledge bases, what they hold, and deletion."""
