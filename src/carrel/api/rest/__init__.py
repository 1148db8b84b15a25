"""The REST API under ``/api/v1``: a file a kind of thing."""
