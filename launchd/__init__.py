"""The service that keeps the daemon running: a launchd agent on macOS, a systemd user unit on Linux; the menu-bar plugin.

Both service managers are talked to by their own commands, through `personald.commands`, and neither is believed on its
word: what counts is what `launchctl print` or `systemctl show` says afterwards. The story:

* `service`: what is installed (`Service`), how steps can end, and what a state means to a person;
* `plist` and `printing`: the property list, and the reader of `launchctl print`;
* `agent`: install, start, stop, uninstall under launchd, with the documented waits;
* `unit` and `systemd`: the unit file, and the same steps under systemd;
* `choice`: which of the two fits this machine;
* `menubar`: the plugin for SwiftBar and xbar.
"""
