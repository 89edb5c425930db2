"""The services that production_deploy.gantral names, on the platform. Gantral asks who may."""

from __future__ import annotations

from gantral.runtime import ActionFailed, CallContext, Service

from deploy_app.gen.production_deploy import services as spec
from deploy_app.gen.production_deploy.types import Build, ClusterRollOutResult, Health
from deploy_app.platform import Platform, PlatformError


class Ci(spec.Ci):
    """Reads builds."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def build(self, call: CallContext, /, *, id: str) -> Build:
        try:
            built = self._platform.build(id)
        except PlatformError as error:
            raise ActionFailed(str(error), "no") from None
        # The platform holds any text; what the spec knows is checked on the way in.
        return Build.from_wire(
            {
                "id": built.id,
                "commit": built.commit,
                "image": built.image,
                "authors": list(built.authors),
                "tests": built.tests,
            }
        )


class Cluster(spec.Cluster):
    """Ships releases, watches them, and takes them out."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def health(self, call: CallContext, /, *, release: str) -> Health:
        try:
            state, errors = self._platform.health(release)
        except PlatformError as error:
            raise ActionFailed(str(error), "no") from None
        return Health.from_wire({"state": state, "errors_per_minute": errors})

    def roll_out(
        self, call: CallContext, /, *, image: str, environment: str
    ) -> ClusterRollOutResult:
        try:
            release = self._platform.roll_out(call.key, image, environment)
        except PlatformError as error:
            # Refused before anything was shipped: known not to have happened.
            raise ActionFailed(str(error), "no") from None
        return ClusterRollOutResult(release=release)

    def roll_back(self, call: CallContext, /, *, release: str) -> None:
        try:
            self._platform.roll_back(release)
        except PlatformError as error:
            raise ActionFailed(str(error), "no") from None


class Chat(spec.Chat):
    """Writes to channels."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def post(self, call: CallContext, /, *, channel: str, message: str) -> None:
        self._platform.post(call.key, channel, message)


def make() -> list[Service]:
    """What ``gantral worker`` asks for (``[worker] services`` in gantral.toml)."""
    platform = Platform.at_home()
    return [Ci(platform), Cluster(platform), Chat(platform)]
