"""`make run`, started for real: what it says, and that it leaves nothing behind."""

import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded.processes import command

from .services import folder, processes_over, refusal, start, wait_for


@pytest.fixture
def local() -> Iterator[Path]:
    with folder() as path:
        yield path


def run(local: Path, port: int) -> subprocess.Popen[str]:
    return start(local, "-m", "config.run", "--port", str(port))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def child(local: Path, word: str) -> int:
    return next(pid for pid in processes_over(local) if word in command(pid))


def check_answers(local: Path, port: int) -> None:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30)
    except urllib.error.HTTPError as error:
        pytest.fail(f"{error}\n{(local / 'logs' / 'web.log').read_text()}")


def test_terminated_run_leaves_no_process(local):
    port = free_port()
    supervisor = run(local, port)
    said = wait_for(supervisor, "Ctrl-C stops everything")
    assert f"Drawdown is running at http://127.0.0.1:{port}\n" in said
    check_answers(local, port)
    assert f"is running already (process {supervisor.pid})" in refusal(run(local, free_port()))
    supervisor.terminate()
    assert supervisor.wait(60) == 0
    assert processes_over(local) == []


def test_what_a_killed_run_left_behind_is_stopped_by_the_next(local):
    port = free_port()
    supervisor = run(local, port)
    wait_for(supervisor, "Ctrl-C stops everything")
    supervisor.kill()
    supervisor.wait(60)
    check_answers(local, port)

    following = run(local, port)
    assert "that an earlier run had left behind" in wait_for(following, "Ctrl-C stops everything")
    os.kill(child(local, "beat"), signal.SIGKILL)
    said = refusal_of_several_lines(following)
    assert said.startswith("The beat ended by itself; stopping the rest.")
    assert processes_over(local) == []


def refusal_of_several_lines(process: subprocess.Popen[str]) -> str:
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    return errors


def test_ctrl_c_while_the_database_is_prepared_leaves_no_process(local):
    supervisor = run(local, free_port())
    wait_for(supervisor, "Preparing")
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(60) == 0
    assert supervisor.stderr.read() == ""
    assert processes_over(local) == []


def test_a_taken_port_is_a_sentence_with_the_remedy():
    with folder() as local, socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert refusal(run(local, port)) == (
            f"Port {port} is taken by another program. Use another one: make run PORT={port + 1}"
        )
        assert processes_over(local) == []


@pytest.mark.parametrize("port", ["abc", "0", "70000"])
def test_a_port_that_is_none_is_a_sentence(port):
    with folder() as local:
        assert f"PORT is '{port}'" in refusal(start(local, "-m", "config.run", PORT=port))
