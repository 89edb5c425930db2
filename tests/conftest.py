"""How randomised tests run: moderately in `make test`, for long in `make soak`; what of the suite
stays together in one process; and that Ctrl-C is heard."""

import signal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

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
# On a further Python, where what does not depend on it was tried already.
settings.register_profile("further", settings.get_profile("house"), max_examples=25)
settings.load_profile("house")

# A shell that runs the tests in the background tells them to ignore Ctrl-C, and what they start
# would ignore it too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class ByFolder(LoadScopeScheduling):
    """A folder is one piece of work: its servers, and the programs that it loaded into the process,
    are its own until it is through. (Not by marks: xdist's `loadgroup` groups nothing with the
    node ids of pytest 9.2.)"""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0].rpartition("/")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFolder:
    """xdist asks here who runs what."""
    return ByFolder(config, log)
