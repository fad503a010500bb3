"""The documents that hold for every campaign of a run: who is never called, and how much all of them may do together.

A run is every manifest that `--file` names or finds; `--target` chooses campaigns, not these.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from reconciler.manifest.model import Metadata, RunGuards, SuppressionSource


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """As in every part of a manifest: camelCase names, and an unknown field is an error."""


class SuppressionSpec(_Document, frozen=True):
    """Numbers that no campaign calls."""

    files: Annotated[
        tuple[SuppressionSource, ...], Meta(min_length=1, description="numbers never called, whatever the lists say")
    ]


class SuppressionDocument(_Document, frozen=True):
    """`kind: Suppression`: numbers that no campaign of a run calls, wherever its manifest is."""

    api_version: Annotated[Literal["campaign/v1"], Meta(description="always campaign/v1")]
    kind: Literal["Suppression"]
    metadata: Metadata
    spec: SuppressionSpec


class GuardsDocument(_Document, frozen=True):
    """`kind: Guards`: how much all campaigns of a run may do together before somebody has to name an amount."""

    api_version: Annotated[Literal["campaign/v1"], Meta(description="always campaign/v1")]
    kind: Literal["Guards"]
    metadata: Metadata
    spec: RunGuards
