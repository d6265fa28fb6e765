"""The history of the tables, for Alembic; see `overt.storage.schema`."""
