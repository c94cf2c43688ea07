"""The classifiers, normalisation inside: images (B, 1, 28, 28) in [0, 1] go in, logits (B, 10) come out."""

from robustmnist.models.architecture import MODELS as MODELS
from robustmnist.models.architecture import build_model as build_model
from robustmnist.models.architecture import complete_architecture as complete_architecture
from robustmnist.models.architecture import count_parameters as count_parameters
from robustmnist.models.cnn import CNN as CNN
from robustmnist.models.fc import FC as FC
from robustmnist.models.folding import without_norms as without_norms
from robustmnist.models.inference import Deployed as Deployed
from robustmnist.models.inference import deployed as deployed
from robustmnist.models.inference import logits as logits
from robustmnist.models.inference import tile as tile
from robustmnist.models.layers import MEAN as MEAN
from robustmnist.models.layers import SD as SD
from robustmnist.models.lenet5 import LeNet5 as LeNet5
