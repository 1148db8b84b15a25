"""The gateway: OpenAI-compatible HTTP over whatever engine Carrel is set to."""
