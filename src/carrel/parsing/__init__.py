"""Parsing: a file's bytes become text in reading order, blocks, and a box for every word."""
