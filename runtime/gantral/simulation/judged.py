"""The verifier's word on what a story left, without any folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gantral.evidence import Store, TrustFile
from gantral.evidence.children import link_children
from gantral.evidence.export import Export
from gantral.evidence.report import Report, verdict_of
from gantral.evidence.verify import verify_files


class _Exported:
    """An export as the files that a verifier reads."""

    strangers: Sequence[str] = ()

    def __init__(self, export: Export) -> None:
        self._held = {part.name: b"".join(part.chunks) for part in export.parts()}
        self.names = frozenset(self._held)

    def under(self, prefix: str) -> list[str]:
        return sorted(name for name in self._held if name.startswith(prefix))

    def read(self, name: str) -> bytes | None:
        return self._held.get(name)

    def lines(self, name: str) -> Iterator[bytes]:
        yield from self._held.get(name, b"").splitlines(keepends=True)


def judged(store: Store, trust: TrustFile, team: str, instance_id: str) -> Report:
    """The verdict on an instance together with its children's.

    Raises:
        StoreError, EvidenceError: what lies there is no evidence of an instance.
    """
    reports, wanted = [], [instance_id]
    for one in wanted:
        export = Export(store, team, one)
        reports.append(verify_files(_Exported(export), trust))
        wanted += export.children
    linked = link_children(reports)
    findings = tuple(finding for report in linked for finding in report.findings)
    return replace(linked[0], findings=findings, verdict=verdict_of(findings))
