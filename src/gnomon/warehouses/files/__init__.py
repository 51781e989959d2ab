"""A folder, a glob or a file of CSV, TSV, Parquet or JSON, read through a DuckDB database in memory."""

from gnomon.warehouses.files.grouping import part_of as part_of
from gnomon.warehouses.files.open import open_files as open_files
