"""The embedded default: question to SQL without a language model."""

from gnomon.models.grounded.model import GroundedModel

__all__ = ["GroundedModel"]
