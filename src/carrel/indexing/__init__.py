"""Adapters of the Index port, and the text analysis that all of them share."""
