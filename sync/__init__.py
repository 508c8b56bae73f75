"""Named, versioned blobs travel between one person's devices through any shared folder.

The folder is dumb and not trusted: it may lose, delay, duplicate, rename, roll back or alter files, and whoever keeps it
may read them. So every file is written once, by one device, under a name that proves its content or its author; what is
secret is sealed to the enrolled devices; what is said is signed. The story, in reading order:

* `framing`: how bytes are put together so that no two meanings share an encoding; padding that hides sizes;
* `identity`: a device's two key pairs and its name in the protocol;
* `sealed`: objects, sealed for several devices (`o/<sha256>.pdo`);
* `manifest`: what one device offers, signed, numbered (`m/<device>-<seq>.pdm`);
* `roster`: who belongs, as signed statements that merge in any order (`r/<sha256>.pdr`);
* `pairing`: how a new device gets in with one typed code (`p/<slot>.a`, `.b`);
* `folder`: the only module that touches the shared folder;
* `state`: what this device remembers, sealed, so that nothing goes backwards;
* `engine`: publish, poll, pair, revoke: the room's front door.

What a blob means is not known here.
"""
