"""A Slurm of our own for the tests: Debian's daemons, a folder that is thrown away, loopback alone, no accounting.

The cluster lives in a process of its own, which ends the daemons and all their jobs as soon as whoever asked for it is
gone, however that happened.
"""

from __future__ import annotations

import getpass
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

NEEDED = ("munged", "slurmctld", "slurmd", "slurmstepd", "sbatch", "squeue", "scancel", "scontrol", "sinfo")
STARTS_WITHIN_S = 40
CPUS = 2
MEMORY_MB = 4000

CONFIGURATION = """\
ClusterName=tests
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=200
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ReturnToService=2
KillWait=1
MinJobAge=5
MaxArraySize=1001
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=1
NodeName=localhost NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def why_not() -> str:
    """Why no cluster can be started here; empty where one can."""
    if sys.platform != "linux":
        return "Slurm needs Linux"
    missing = [name for name in NEEDED if _program(name) is None]
    return f"no {', '.join(missing)} installed (Debian: slurm-wlm munge)" if missing else ""


@contextmanager
def serving() -> Iterator[Path]:
    """A cluster for the length of the block: the path of its slurm.conf, for `SLURM_CONF`.

    Raises
    ------
    RuntimeError
        It did not start; what the daemons said is told.
    """
    keeper = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is the tests' affair
    )
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    try:
        told = json.loads(keeper.stdout.readline() or '{"fault": "its keeper died"}')
        if "fault" in told:
            raise RuntimeError(f"Slurm did not start: {told['fault']}")
        yield Path(told["slurm_conf"])
    finally:
        keeper.stdin.close()
        keeper.wait(timeout=120)  # to end its jobs alone may take a minute
        keeper.stdout.close()


def _program(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _keep() -> None:
    """Start the cluster, tell where it is, hold it until standard input ends, and leave nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="nl-slurm-"))
    folder.chmod(0o755)  # munged insists that its socket can be reached
    conf = folder / "slurm.conf"
    daemons: list[subprocess.Popen[bytes]] = []
    try:
        try:
            _start(folder, conf, daemons)
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            print(json.dumps({"fault": f"{error}\n{_logs(folder)}"}), flush=True)
            return
        print(json.dumps({"slurm_conf": str(conf)}), flush=True)
        sys.stdin.read()
    finally:
        _end(conf, daemons)
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, conf: Path, daemons: list[subprocess.Popen[bytes]]) -> None:
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(secrets.token_bytes(128))
    conf.write_text(
        CONFIGURATION.format(
            controller=_free_port(), node=_free_port(), user=getpass.getuser(), folder=folder, cpus=CPUS,
            memory=MEMORY_MB,
        )
    )  # fmt: skip
    munge = {"socket": "munge.socket", "key-file": "munge.key", "pid-file": "munged.pid", "log-file": "munged.log"}
    munge["seed-file"] = "munge.seed"
    paths = [f"--{option}={folder / name}" for option, name in munge.items()]
    environment = {**os.environ, "SLURM_CONF": str(conf)}
    for number, words in enumerate(
        (["munged", "--foreground", *paths], ["slurmctld", "-D", "-c"], ["slurmd", "-D", "-N", "localhost"])
    ):
        program = _program(words[0])
        assert program is not None
        with (folder / f"daemon-{number}.out").open("wb") as said:
            daemons.append(
                subprocess.Popen(
                    [program, *words[1:]], env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
                )
            )
        if number == 0:
            _wait(lambda: (folder / "munge.socket").exists(), daemons)
    _wait(lambda: _node_is_idle(environment), daemons)


def _node_is_idle(environment: dict[str, str]) -> bool:
    asked = subprocess.run(
        ["sinfo", "-h", "-o", "%T"], env=environment, capture_output=True, text=True, check=False, timeout=20
    )
    return asked.stdout.strip() == "idle"


def _wait(ready: Callable[[], bool], daemons: list[subprocess.Popen[bytes]]) -> None:
    end = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < end:
        if any(one.poll() is not None for one in daemons):
            raise RuntimeError("one of its daemons ended")
        if ready():
            return
        time.sleep(0.1)
    raise RuntimeError(f"not ready after {STARTS_WITHIN_S} s")


def _logs(folder: Path) -> str:
    said = (path.read_text(errors="replace")[-800:] for path in sorted([*folder.glob("*.log"), *folder.glob("*.out")]))
    return "\n".join(text for text in said if text)


def _end(conf: Path, daemons: list[subprocess.Popen[bytes]]) -> None:
    """End the jobs, then the daemons, then whatever of this cluster is still there."""
    environment = {**os.environ, "SLURM_CONF": str(conf)}
    with suppress(OSError, RuntimeError, subprocess.SubprocessError):
        subprocess.run(["scancel", f"--user={getpass.getuser()}"], env=environment, check=True, timeout=20)
        _wait(lambda: not _queue(environment), daemons)
    for daemon in reversed(daemons):
        daemon.send_signal(signal.SIGTERM)
    for daemon in reversed(daemons):
        try:
            daemon.wait(timeout=10)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
    for process in _processes_of(conf):
        with suppress(psutil.Error):
            process.kill()


def _queue(environment: dict[str, str]) -> str:
    words = ["squeue", "--noheader", "--states=all", "--format=%i %T"]
    told = subprocess.run(words, env=environment, capture_output=True, text=True, check=True, timeout=20).stdout
    return "\n".join(line for line in told.splitlines() if line.split()[1] in ("PENDING", "RUNNING", "COMPLETING"))


def _processes_of(conf: Path) -> list[psutil.Process]:
    """What belongs to this cluster by its environment, its command line or its sockets."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            sockets = process.net_connections(kind="unix") if process.name().startswith("slurm") else []
            named = [*process.cmdline(), *(str(one.laddr) for one in sockets)]
            ours = process.environ().get("SLURM_CONF") == str(conf) or any(str(conf.parent) in word for word in named)
            if ours and process.pid != os.getpid():
                found.append(process)
    return found


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _keep()
