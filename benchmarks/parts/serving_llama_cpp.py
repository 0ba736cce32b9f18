"""llama.cpp's server out of the package ``xllamacpp``: FILE PORT USERS CONTEXT."""

from __future__ import annotations

import os
import sys
import threading

import xllamacpp


def main() -> None:
    """Serve until the process is ended."""
    file, port, users, context = sys.argv[1:]
    parameters = xllamacpp.CommonParams()
    parameters.model.path = file
    parameters.port = int(port)
    parameters.n_parallel = int(users)
    parameters.n_ctx = int(context)
    parameters.cpuparams.n_threads = len(os.sched_getaffinity(0))
    parameters.cpuparams_batch.n_threads = len(os.sched_getaffinity(0))
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
