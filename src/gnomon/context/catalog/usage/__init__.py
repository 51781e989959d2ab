"""What people do with tables: past queries sanitised, read, weighed and counted."""
