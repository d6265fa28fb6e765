"""From templates to alerts: exact 1:N search, normalisation, evidence over a track, policy."""
