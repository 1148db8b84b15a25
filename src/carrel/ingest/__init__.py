"""The PDF's journey: accept, queue, parse, chunk, embed, index, searchable."""
