"""The JSON face: a subset of the Mastodon client API over the rules in `flotilla.social`.

`endpoints()` is the one table of what there is; `blueprint()` serves it.
"""

from flotilla.api.serving import blueprint

__all__ = ["blueprint"]
