"""How randomised tests run: moderately in `make test`, for long in `make soak`."""

from hypothesis import HealthCheck, settings

# No deadline: on a busy machine a slow example is no fault of the code.
settings.register_profile("house", deadline=None, max_examples=100, print_blob=True)
settings.register_profile(
    "soak",
    deadline=None,
    max_examples=5_000,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")
