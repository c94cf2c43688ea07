"""Suites: which perturbations, at which strengths, with which seed. One TOML file each."""

from robustmnist.suites.read import CORE as CORE
from robustmnist.suites.read import SHIPPED as SHIPPED
from robustmnist.suites.read import list_suites as list_suites
from robustmnist.suites.read import load_suite as load_suite
from robustmnist.suites.read import load_suites as load_suites
from robustmnist.suites.setting import Setting as Setting
from robustmnist.suites.setting import prepared as prepared
from robustmnist.suites.suite import Suite as Suite
from robustmnist.suites.suite import check_names as check_names
from robustmnist.suites.suite import check_suites as check_suites
from robustmnist.suites.sweep import Sweep as Sweep
from robustmnist.suites.sweep import Variant as Variant

__all__ = [
    "CORE",
    "SHIPPED",
    "Setting",
    "Suite",
    "Sweep",
    "Variant",
    "check_names",
    "check_suites",
    "list_suites",
    "load_suite",
    "load_suites",
    "prepared",
]


def __dir__() -> list[str]:
    return sorted(__all__)
