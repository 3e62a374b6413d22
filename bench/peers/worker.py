# SPDX-License-Identifier: Apache-2.0
"""A peer lives in a process of its own and measures on request, one JSON line in, one out.

The process stays alive (and sleeps) while our side is measured, so that both sides can alternate
without paying for the peer's start and compilation each time.
"""

import json
import subprocess
import sys
import tempfile


def serve(measurements):
    """Answers requests {"measure": name, "arguments": {...}} until standard input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        reply = measurements[request["measure"]](**request["arguments"])
        print(json.dumps(reply), flush=True)


class Worker:
    """The measuring side's handle on a peer process; raises RuntimeError when the peer fails."""

    def __init__(self, script, *arguments):
        self._script = script
        self._log = tempfile.TemporaryFile(mode="w+")
        self._process = subprocess.Popen(
            [sys.executable, str(script), *map(str, arguments)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self._log, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait()
        self._log.close()

    def __call__(self, measure, **arguments):
        try:
            print(json.dumps({"measure": measure, "arguments": arguments}),
                  file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self._process.wait()
            self._log.seek(0)
            raise RuntimeError(f"{self._script} ended:\n{self._log.read()[-4000:]}")
        return json.loads(line)
