"""The embedded services, started for real."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from config.embedded.folders import socket_folder
from config.embedded.processes import command, is_postmaster, wait_until
from config.embedded.users import current

from .services import HOLD, ask, folder, holder, processes_over, refusal, servers_over, start, wait_for


def test_four_cold_starts_at_once_share_the_servers_and_the_last_one_out_stops_them():
    with folder() as local:
        first, *others = [start(local, "-c", HOLD) for _ in range(4)]
        for process in (first, *others):
            wait_for(process, "up")
        servers = set(servers_over(local))
        for process in others:
            process.communicate("\n", timeout=60)
        assert servers and servers <= set(servers_over(local))
        first.communicate("\n", timeout=60)
        assert servers_over(local) == []
        assert not socket_folder(local / "postgres").exists()


def test_data_is_kept_between_starts_in_a_path_with_spaces():
    with folder("a folder's name with ä") as local:
        made = "CREATE TABLE kept AS SELECT upper('é') AS letter"
        assert ask(local, made, "SELECT current_user") == "drawdown"
        assert ask(local, "SELECT letter FROM kept") == "É"


def test_a_terminated_process_gives_its_leases_back():
    with folder() as local:
        process = holder(local)
        process.terminate()
        assert process.wait(60) == 128 + signal.SIGTERM
        assert servers_over(local) == []


def test_a_killed_process_leaves_servers_that_the_next_one_uses_and_stops():
    with folder() as local:
        process = holder(local)
        servers = set(servers_over(local))
        process.kill()
        process.wait(60)
        following = holder(local)
        assert set(servers_over(local)) >= servers
        following.communicate("\n", timeout=60)
        assert servers_over(local) == []


def test_the_next_start_works_after_everything_was_killed():
    with folder() as local:
        ask(local, "CREATE TABLE kept AS SELECT 7 AS number", "SELECT 1")
        process = holder(local)
        for pid in (process.pid, *servers_over(local)):
            os.kill(pid, signal.SIGKILL)
        process.wait(60)
        assert ask(local, "SELECT number FROM kept") == "7"


def test_a_server_without_its_socket_is_replaced():
    with folder() as local:
        process = holder(local)
        shutil.rmtree(socket_folder(local / "postgres"))
        process.kill()
        process.wait(60)
        assert ask(local, "SELECT 1") == "1"
        assert servers_over(local) == []


def test_a_stranger_with_the_number_in_the_pid_file_is_left_alone():
    with folder() as local:
        ask(local, "SELECT 1")
        stranger = subprocess.Popen(["sleep", "60"])
        pid_file = local / "postgres" / "postmaster.pid"
        pid_file.write_text(f"{stranger.pid}\n{local / 'postgres'}\n")
        assert ask(local, "SELECT 1") == "1"
        assert stranger.poll() is None
        stranger.kill()
        stranger.wait()


def test_a_process_that_only_looks_like_the_server_is_not_taken_for_it(tmp_path):
    program, data = tmp_path / "postgres", tmp_path / "data"
    words = [str(program), "-c", "import time; time.sleep(60)", "-D", str(data)]
    actor = subprocess.Popen(words, executable=sys.executable)
    assert wait_until(lambda: command(actor.pid) == words, 5)
    assert not is_postmaster(actor.pid, program, data, current())
    actor.kill()
    actor.wait()


def test_data_of_another_postgresql_is_refused_in_a_sentence():
    with folder() as local:
        (local / "postgres").mkdir(parents=True)
        (local / "postgres" / "PG_VERSION").write_text("15\n")
        said = refusal(start(local, "-c", HOLD))
        assert "was made by PostgreSQL 15, and this is PostgreSQL 18" in said
        assert (local / "postgres" / "PG_VERSION").read_text() == "15\n"


def test_a_folder_that_is_not_postgresqls_is_refused_in_a_sentence():
    with folder() as local:
        (local / "postgres").mkdir(parents=True)
        assert "is not a PostgreSQL data folder" in refusal(start(local, "-c", HOLD))


def test_an_unwritable_folder_is_a_sentence():
    # Root may write everywhere but where there is no folder.
    with folder() as local:
        local.write_text("a file")
        said = refusal(start(local / "below", "-c", HOLD))
        assert str(local / "below") in said
        assert "DRAWDOWN_LOCAL" in said and "DATABASE_URL and REDIS_URL" in said


def test_somebody_elses_socket_folder_is_not_entered(tmp_path):
    with folder() as local:
        trap = socket_folder(local / "postgres")
        trap.symlink_to(tmp_path)
        try:
            assert "is not a private folder" in refusal(start(local, "-c", HOLD))
        finally:
            trap.unlink()


@pytest.mark.parametrize("variable", ["DATABASE_URL", "REDIS_URL"])
def test_a_configured_service_is_not_started(variable):
    with folder() as local:
        process = start(local, "-c", HOLD, **{variable: "elsewhere"})
        wait_for(process, "up")
        assert len(servers_over(local)) > 0
        assert (local / f"{'redis' if variable == 'DATABASE_URL' else 'postgres'}.lease").exists()
        assert not (local / f"{'postgres' if variable == 'DATABASE_URL' else 'redis'}.lease").exists()
        process.communicate("\n", timeout=60)


def test_nothing_is_touched_where_both_are_configured():
    with folder() as local:
        process = start(local, "-c", HOLD, DATABASE_URL="elsewhere", REDIS_URL="elsewhere")
        wait_for(process, "up")
        process.communicate("\n", timeout=60)
        assert not local.exists()
        assert processes_over(local) == []
