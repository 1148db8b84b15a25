"""What turns texts into vectors: the embedded default model, its weights and where they come from."""
