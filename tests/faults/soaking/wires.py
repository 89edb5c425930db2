"""A wire between two parts: a TCP proxy on loopback that can be cut, held, or led elsewhere."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field


@dataclass
class Wire:
    """From ``port`` to ``target``, which may change: a server that starts again has a new port.

    ``cut``: every connection is broken off, and nobody listens any more. ``hold``: connections
    stay, and nothing comes through. ``mend`` ends both.
    """

    name: str
    target: int = 0
    port: int = 0
    _listener: socket.socket | None = field(default=None, repr=False)
    _pairs: set[socket.socket] = field(default_factory=set, repr=False)
    _flows: threading.Event = field(default_factory=threading.Event, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        self.mend()

    @property
    def address(self) -> str:
        """host:port of its near end."""
        return f"127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Break it. What listens is closed, so that nobody is taken and then dropped: that would be
        a server that was asked and gave no answer."""
        listener, self._listener = self._listener, None
        if listener is not None:
            _close(listener)
        self.drop()

    def hold(self) -> None:
        """Let nothing through from now on."""
        self._flows.clear()

    def mend(self) -> None:
        """Let connections and bytes through again."""
        self._flows.set()
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
            self.port = self._listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

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

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        try:
            if self._listener is None:
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
        if self._listener is None:
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
