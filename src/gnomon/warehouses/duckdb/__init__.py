"""DuckDB, opened read-only and locked."""

from gnomon.warehouses.duckdb.adapter import DuckDbWarehouse as DuckDbWarehouse
from gnomon.warehouses.duckdb.open import open_duckdb as open_duckdb
