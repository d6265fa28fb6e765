"""What the public is told: the deployment record, notices, and published records of others."""
