"""How randomised tests run: moderately in `make test`, for long in `make soak`; and what of the
suite stays together in one process."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No deadline: on a busy machine a slow example is no fault of the code. Derandomised: the same tree
# gives the same verdict each time, and `make soak` is what looks further.
settings.register_profile(
    "house", deadline=None, max_examples=100, print_blob=True, derandomize=True
)
settings.register_profile(
    "soak",
    deadline=None,
    max_examples=5_000,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A folder is one group for `--dist loadgroup`: its servers and the programs that it loaded
    are then its own until it is through."""
    for item in items:
        folder = Path(str(item.path)).parent
        item.add_marker(pytest.mark.xdist_group(folder.as_posix()))
