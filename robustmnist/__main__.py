"""``python -m robustmnist``."""

from robustmnist.cli import main

if __name__ == "__main__":
    main()
