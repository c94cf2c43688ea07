"""Model files of strangers, read as data into networks that can be called."""

from robustmnist.models.sources.read import read_source as read_source
from robustmnist.models.sources.source import Code as Code
from robustmnist.models.sources.source import Network as Network
from robustmnist.models.sources.source import Source as Source

__all__ = ["Code", "Network", "Source", "read_source"]


def __dir__() -> list[str]:
    return sorted(__all__)
