"""The settings about the processes beside the web server: background work and live connections."""

from dataclasses import dataclass

from flotilla.declaring import setting
from flotilla.lever_settings import LeverSettings

__all__ = ["ProcessSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSettings(LeverSettings):
    """What a site was told about its other processes; part of `Settings`."""

    jobs: bool = setting(
        "Leave mails, pictures and the like to the jobs process (`flotilla run jobs`). Without one the process that "
        "serves the page does them itself, once the change they belong to is stored.",
        default=False,
        default_text="on under `flotilla run`, else off",
    )
    live: bool = setting(
        "Pages and apps are told where the live process is (`flotilla run live`), and connect to it.",
        default=False,
        default_text="on under `flotilla run`, else off",
    )
    live_port: int = setting(
        "The port the live process listens on, at the address of FLOTILLA_BIND.", default=8001, minimum=1, maximum=65535
    )
    live_url: str = setting(
        "Where browsers and apps find the live process, such as wss://flotilla.example when a web server in front "
        "passes /socket.io/ and /api/v1/streaming on to it.",
        default="",
        default_text="the host of the page, at FLOTILLA_LIVE_PORT",
    )
    live_listeners: int = setting(
        "Live connections at once; who comes later is refused and asks again.", default=3000, minimum=1, maximum=100000
    )
    metrics_token: str = setting(
        "Whoever sends it as `Authorization: Bearer ...` may read /metrics, the numbers for Prometheus; without one "
        "nothing is counted.",
        default="",
        default_text="not set",
        secret=True,
    )

    def live_address(self, host: str, *, https: bool) -> str:
        """Where whoever asked for `host` finds the live process: ws://host:port; "": there is none."""
        if not self.live or self.live_url:
            return self.live_url.rstrip("/") if self.live else ""
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        return f"{'wss' if https else 'ws'}://{name}:{self.live_port}"
