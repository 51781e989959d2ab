"""Ask a model or an embedder, and count what it costs. A folder an adapter."""
