"""The process for live connections: `flotilla run live`. Pages connect by Socket.IO, apps by the API's streaming.

One small asynchronous process holds them all, because a connection that stays open would take one of the few threads of
a web worker away from everybody else. It hears what happened over the database's notifications and looks up, by the
same rules as a page, whom that concerns; a listener too slow to take what it is sent is cut off and connects anew.
"""

from flotilla.live.process import run_live

__all__ = ["run_live"]
