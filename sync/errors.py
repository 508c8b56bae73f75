"""What can go wrong between a device and the shared folder."""

from __future__ import annotations

from personald.errors import PersonaldError


class SyncError(PersonaldError):
    """Anything of this room."""

    title = "Sync failed"


class FolderUnavailable(SyncError):
    """The shared folder is not there, or may not be read or written."""

    title = "The sync folder is not available"


class Rejected(SyncError):
    """A file of the shared folder does not verify; it is left alone and never used."""

    title = "A file in the sync folder was refused"


class NotForThisDevice(Rejected):
    """A file of the shared folder is sealed for other devices than this one."""


class NotEnrolled(SyncError):
    """This device does not belong to the devices that share the folder."""

    title = "This device is not enrolled"


class PairingFailed(SyncError):
    """The code is wrong, used up or too old."""

    title = "Pairing failed"


class DeviceCloned(SyncError):
    """The folder knows later manifests of this device than the device itself does."""

    title = "This device's memory is older than its own messages"


class UnknownDevice(SyncError):
    """No enrolled device matches."""

    title = "There is no such device"
