"""What the owners of tables say, in YAML files that people and `gnomon annotate` write."""

from gnomon.context.catalog.sources.annotations.reader import open_annotations

__all__ = ["open_annotations"]
