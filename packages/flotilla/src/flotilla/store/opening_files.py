"""Where a site's pictures lie: the one place that knows there is more than one kind."""

from pathlib import Path

from flotilla.bucket_address import BucketAddress
from flotilla.settings import Settings
from flotilla.store.files import Files

__all__ = ["open_files"]


def open_files(settings: Settings) -> Files:
    """The files of that site's pictures. Asks nobody yet. Raises StartError when a client is missing."""
    folder = Path(settings.media_folder).absolute()
    if settings.media_url:
        # Only then, for the memory that its client takes.
        from flotilla.store.bucket import Bucket, BucketKey
        from flotilla.store.bucket_files import BucketFiles

        key = BucketKey(settings.media_key_id, settings.media_secret_key)
        return BucketFiles(folder, Bucket(BucketAddress.parse(settings.media_url), key))
    from flotilla.store.disk_files import DiskFiles

    return DiskFiles(folder)
