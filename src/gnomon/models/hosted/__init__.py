"""Hosted models: any provider by name, through pydantic-ai's model layer, imported only when used."""

from gnomon.models.hosted.model import HostedModel
from gnomon.models.hosted.names import EXAMPLES, Target, parse_name

__all__ = ["EXAMPLES", "HostedModel", "Target", "parse_name"]
