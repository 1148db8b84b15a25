"""The query's journey: understand, embed, retrieve, fuse, rerank, present."""
