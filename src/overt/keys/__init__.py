"""Keys: sealing, data keys, and the master key that wraps them."""
