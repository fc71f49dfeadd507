"""A hello-world route with the server settings of sundgraf's web processes (http/serve.py), to measure against.

python tests/bench/hello.py PORT PROCESSES
"""

import os
import signal
import socket
import sys

import uvicorn
from fastapi import FastAPI


def serve(listener: socket.socket) -> None:
    app = FastAPI()

    @app.get("/hello")
    async def hello() -> dict[str, str]:
        return {"hello": "world"}

    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", log_level="warning", access_log=False, server_header=False
    )
    uvicorn.Server(config).run(sockets=[listener])


def main() -> None:
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=2048)
    children = []
    for _ in range(int(sys.argv[2])):
        pid = os.fork()
        if pid == 0:
            serve(listener)
            os._exit(0)
        children.append(pid)

    def stop(*_: object) -> None:
        for child in children:
            os.kill(child, signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    for child in children:
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
