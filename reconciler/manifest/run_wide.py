"""The documents that hold for every campaign of a run: who is never called, and how much all of them may do together.

A run is every manifest that `--file` names or finds; `--target` chooses campaigns, not these.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from reconciler.manifest.model import RunGuards, SuppressionSource
from reconciler.manifest.vocabulary import Metadata, Part


class SuppressionSpec(Part, frozen=True):
    """Numbers that no campaign calls."""

    files: Annotated[
        tuple[SuppressionSource, ...], Meta(min_length=1, description="numbers never called, whatever the lists say")
    ]


class SuppressionDocument(Part, frozen=True):
    """`kind: Suppression`: numbers that no campaign of a run calls, wherever its manifest is."""

    api_version: Annotated[Literal["campaign/v1"], Meta(description="always campaign/v1")]
    kind: Literal["Suppression"]
    metadata: Metadata
    spec: SuppressionSpec


class GuardsDocument(Part, frozen=True):
    """`kind: Guards`: how much all campaigns of a run may do together before somebody has to name an amount."""

    api_version: Annotated[Literal["campaign/v1"], Meta(description="always campaign/v1")]
    kind: Literal["Guards"]
    metadata: Metadata
    spec: RunGuards
