"""Taking in a stranger's classifier: what it wants to be given is found, and what may be wrong with it is checked."""

from robustmnist.adoption.checks import check_classifier as check_classifier
from robustmnist.adoption.checks.subject import Check as Check
from robustmnist.adoption.digits import training_digits as training_digits
from robustmnist.adoption.find import Finding as Finding
from robustmnist.adoption.find import find_contract as find_contract
from robustmnist.adoption.network import Network as Network
