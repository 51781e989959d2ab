"""SQLite, opened read-only behind an authorizer."""

from gnomon.warehouses.sqlite.adapter import SqliteWarehouse as SqliteWarehouse
from gnomon.warehouses.sqlite.open import open_sqlite as open_sqlite
