"""A wire between two parts: a TCP proxy on loopback that can be cut, held, or led elsewhere."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field


@dataclass
class Wire:
    """From ``port`` to ``target``, which may change: a server that starts again has a new port.

    ``cut``: every connection is broken off, and no new one is taken. ``hold``: connections stay,
    and nothing comes through. ``mend`` ends both.
    """

    name: str
    target: int = 0
    port: int = 0
    _listener: socket.socket = field(init=False, repr=False)
    _pairs: set[socket.socket] = field(default_factory=set, repr=False)
    _cut: bool = False
    _flows: threading.Event = field(default_factory=threading.Event, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        self._flows.set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        """host:port of its near end."""
        return f"127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Break it."""
        self._cut = True
        self.drop()

    def hold(self) -> None:
        """Let nothing through from now on."""
        self._flows.clear()

    def mend(self) -> None:
        """Let connections and bytes through again."""
        self._cut = False
        self._flows.set()

    def drop(self) -> None:
        """Break off what is connected."""
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for one in pairs:
            _close(one)

    def close(self) -> None:
        """Take it down."""
        self.cut()
        self._flows.set()
        _close(self._listener)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        try:
            if self._cut:
                raise OSError
            far = socket.create_connection(("127.0.0.1", self.target), timeout=5)
        except OSError:
            _close(near)
            return
        far.settimeout(None)
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._pairs |= {near, far}
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=self._pump, args=(one, other), daemon=True).start()
        if self._cut:
            self.drop()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(1 << 16):
                self._flows.wait()
                other.sendall(data)
        except OSError:
            pass
        finally:
            _close(one)
            _close(other)
            with self._lock:
                self._pairs -= {one, other}


def _close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Reset, as a cable that is pulled: nobody is told that the talk is over in order.
        one.shutdown(socket.SHUT_RDWR)
    one.close()
