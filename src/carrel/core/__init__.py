"""The vocabulary of Carrel: frozen value objects, errors and ports.

Standard library and numpy only, so that every other room can speak it.
"""
