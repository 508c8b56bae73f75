#!/bin/sh
# <xbar.title>personald</xbar.title>
# <xbar.version>v1.0</xbar.version>
# <xbar.desc>What your personal memory is doing, and why it is not training now.</xbar.desc>
# <xbar.dependencies>personald</xbar.dependencies>
# <swiftbar.hideAbout>true</swiftbar.hideAbout>
# <swiftbar.hideRunInTerminal>true</swiftbar.hideRunInTerminal>
# <swiftbar.hideDisablePlugin>true</swiftbar.hideDisablePlugin>
# <swiftbar.refreshOnOpen>true</swiftbar.refreshOnOpen>
exec $command
