"""The catalog (SQLite), the blobs and the stored parses: the truth from which all else is derived."""
