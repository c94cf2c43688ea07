"""A classifier for other programs: one file with all of it, as ONNX, torch's state dict or NumPy's arrays."""

from robustmnist.models.export.about import about as about
from robustmnist.models.export.arrays import source_lines as source_lines
from robustmnist.models.export.graph import OPSET as OPSET
from robustmnist.models.export.write import FORMATS as FORMATS
from robustmnist.models.export.write import Exported as Exported
from robustmnist.models.export.write import check_format as check_format
from robustmnist.models.export.write import write_model as write_model

__all__ = ["FORMATS", "OPSET", "Exported", "about", "check_format", "source_lines", "write_model"]


def __dir__() -> list[str]:
    return sorted(__all__)
