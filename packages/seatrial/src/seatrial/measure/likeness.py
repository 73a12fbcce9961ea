"""Which studies are of the same thing, so that what differs between them is the hour. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec

from seatrial.measure.earlier_study import EARLIER_KEPT, EarlierStudy
from seatrial.measure.measurement import Verdict
from seatrial.measure.study import Study
from seatrial.measure.study_file import without_secrets

__all__ = ["SOURCE_DIGEST", "earlier_of", "glance_at", "likeness_of"]

SOURCE_DIGEST = "source_digest"
"""Of `Study.environment`: a digest of the app's own files; "" when they could not be read."""


def likeness_of(study: Study) -> str:
    """Equal for studies of the same code with the same server, database, workload, limits and CPU model; "" when it is
    not known what the code was. Values of environment variables are not in it, since a study does not keep them.
    """
    sources = study.environment.get(SOURCE_DIGEST)
    if not sources:
        return ""
    subject = without_secrets(study.spec.subject)
    alike = {
        # The same folder may be called otherwise in another checkout.
        "subject": replace(subject, directory=Path(), python=Path(subject.python.name), headers={}),
        "workload": replace(study.spec.workload, journeys=None, headers={}),
        "limits": study.spec.plan.limits,
        "sources": sources,
        **{name: str(study.environment.get(name, "")) for name in ("python", "cpu_model", "machine")},
    }
    return sha256(msgspec.json.encode(alike, enc_hook=_plain, order="sorted")).hexdigest()[:32]


def glance_at(study: Study) -> EarlierStudy | None:
    """What a later study keeps of this one; None when it was never saturated, or nothing could be compared with it."""
    shape, likeness = study.spec.subject.shape, likeness_of(study)
    seen = [
        m
        for m in study.measurements
        if m.label == "saturation" and (m.workers, m.threads) == shape and m.verdict != Verdict.INVALID
    ]
    starts = [fmean(m.throughput_rps for m in found) for _, found in groupby(seen, key=lambda m: m.run)]
    if not likeness or not starts or min(starts) <= 0.0:
        return None
    return EarlierStudy(study.created_at, likeness, fmean(starts))


def earlier_of(replaced: Study | None, new: Study) -> Sequence[EarlierStudy]:
    """Studies of the same thing before the new one: those that the replaced one had kept, and that itself."""
    if replaced is None:
        return ()
    own = glance_at(replaced)
    known = (*replaced.earlier, *([own] if own is not None else []))
    return tuple(each for each in known if each.likeness == likeness_of(new))[-EARLIER_KEPT:]


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(f"a {type(value).__name__} cannot be compared")
