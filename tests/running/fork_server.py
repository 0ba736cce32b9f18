"""The program of ``forked_program.py``: Carrel's libraries are imported once, for many commands.

Each message on the socket, whose number is the argument, is a command line with its environment. It
comes with four open files: standard input, output and errors, and a pipe that gets the child's id
and later its exit status. The child is made by ``fork`` and then runs as ``python -m carrel``.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import struct
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

NUMBER = struct.Struct("i")
MESSAGE_BYTES = 1 << 17

LIBRARIES = (
    "carrel.bootstrap",
    "carrel.server",
    "carrel.cli.registry",
    "carrel.cli.workspace.local_workspace",
    "carrel.engine.choose",
    "carrel.engine.loading.loader",
    "torch",
    "transformers",
    "sentence_transformers",
    "chromadb",
    "chromadb_rust_bindings",
    "faiss",
)
"""What most commands import, and none reads of the environment that commands differ in. Gradio is
not among it: it reads the folder of uploads.
"""


def import_libraries() -> None:
    """Import what takes long."""
    from carrel.settings.process_environment import prepare_environment

    prepare_environment(offline=os.environ.get("HF_HUB_OFFLINE") == "1")
    for name in LIBRARIES:
        importlib.import_module(name)
    # Pools of threads do not survive a fork. Those of OpenBLAS, which numpy and scipy bring, do: it
    # ends them before and starts them after.
    assert threading.active_count() == 1, threading.enumerate()
    # What a child never changes is shared with it, unless a collection touches it.
    gc.collect()
    gc.freeze()


class Parent:
    """Starts children and reports their ends."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._reports: dict[int, int] = {}
        self._woken, self._waking = os.pipe()
        for each in (self._woken, self._waking):
            os.set_blocking(each, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waking)

    def next_child(self) -> tuple[dict[str, Any], list[int]] | None:
        """Return, in a child, its command and open files; None in the parent once it is to end."""
        while True:
            ready, _, _ = select.select([self._control, self._woken], [], [])
            if self._woken in ready:
                os.read(self._woken, 1 << 10)
            self._report_ends()
            if self._control not in ready:
                continue
            message, files, _, _ = socket.recv_fds(
                self._control, MESSAGE_BYTES, 4, socket.MSG_CMSG_CLOEXEC
            )
            if not message:
                return None
            *standard, report = files
            pid = os.fork()
            if not pid:
                self._leave(report)
                return json.loads(message), standard
            for each in standard:
                os.close(each)
            self._reports[pid] = report
            os.write(report, NUMBER.pack(pid))

    def _report_ends(self) -> None:
        for pid, report in list(self._reports.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self._reports[pid]
                with suppress(BrokenPipeError):  # nobody waits for it
                    os.write(report, NUMBER.pack(os.waitstatus_to_exitcode(status)))
                os.close(report)

    def _leave(self, report: int) -> None:
        """Close and reset, in a child, what only the parent needs."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._control.close()
        for each in (self._woken, self._waking, report, *self._reports.values()):
            os.close(each)


def become(command: dict[str, Any], standard: list[int]) -> None:
    """Make a child what ``python -m carrel`` would be."""
    for number, file in enumerate(standard):
        os.dup2(file, number)
        os.close(file)
    os.umask(command["umask"])
    os.chdir(command["folder"])
    os.environ.clear()
    os.environ.update(command["environment"])
    sys.argv[1:] = command["words"]
    runpy.run_module("carrel", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    sys.path[0] = str(Path.cwd())
    import_libraries()
    if (child := Parent(socket.socket(fileno=int(sys.argv[1]))).next_child()) is not None:
        become(*child)
