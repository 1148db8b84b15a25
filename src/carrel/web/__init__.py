"""The pages: what a browser shows, made on the server from templates."""
