"""The one way in which this package says no."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - it is an answer, not a fault
    """A token, or its holder, is refused.

    Args:
        rule: the stable name of the rule, for machines ("token_audience").
        message: one sentence for people. It repeats nothing of the token.
        remedy: what the holder can do.
        needs: for a login that is too weak (RFC 9470): ``acr_values`` and ``max_age`` (seconds, as
            text), whichever is missing; empty for a token that is simply not good.
    """

    def __init__(
        self, rule: str, message: str, remedy: str = "", needs: dict[str, str] | None = None
    ) -> None:
        self.rule = rule
        self.message = message
        self.remedy = remedy
        self.needs = needs or {}
        super().__init__(f"{rule}: {message}")

    @property
    def challenge(self) -> str:
        """The value of ``WWW-Authenticate`` (RFC 6750 section 3, RFC 9470 section 3)."""
        if self.rule == "token_missing":
            # RFC 6750 section 3.1: who brought nothing is told nothing of what is wrong with it.
            return 'Bearer realm="gantral"'
        error = "insufficient_user_authentication" if self.needs else "invalid_token"
        parts = ['realm="gantral"', f'error="{error}"', f'error_description="{_quoted(self)}"']
        parts += [f'{name}="{value}"' for name, value in sorted(self.needs.items())]
        return "Bearer " + ", ".join(parts)


def _quoted(refused: Refused) -> str:
    # RFC 6750 allows printable ASCII without the quote and the backslash.
    text = f"{refused.rule}: {refused.message}"
    return "".join(c if " " <= c <= "~" and c not in '"\\' else "?" for c in text)
