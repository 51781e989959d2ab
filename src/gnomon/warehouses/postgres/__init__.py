"""PostgreSQL, read in read-only transactions."""

from gnomon.warehouses.postgres.adapter import PostgresWarehouse as PostgresWarehouse
from gnomon.warehouses.postgres.open import open_postgres as open_postgres
