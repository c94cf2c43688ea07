"""Files are whole or not there, and errors say what, where and what to do."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from robustmnist import errors
from robustmnist.errors import RunError
from robustmnist.system.files import (
    clear_leftovers,
    disk_errors,
    exists,
    is_file,
    sha256_bytes,
    sha256_file,
    utf8,
    write_atomic,
)
from robustmnist.system.folders import holds_nothing, locked
from robustmnist.system.installation import shipped


def test_write_atomic_replaces_and_leaves_no_part(tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.txt"
    write_atomic(target, "eins")
    write_atomic(target, b"zw\xc3\xb6lf")
    assert target.read_text(encoding="utf-8") == "zwölf"
    assert [path.name for path in target.parent.iterdir()] == ["a.txt"]


def test_write_atomic_keeps_the_old_file_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.txt"
    write_atomic(target, "old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_atomic(target, "new")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_write_atomic_says_that_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for below in ("file/a.txt", "file/deeper/a.txt"):
        with pytest.raises(NotADirectoryError):
            write_atomic(tmp_path / below, "x")


def test_write_atomic_respects_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_atomic(tmp_path / "a", "x")
    finally:
        os.umask(old)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_a_killed_writer_leaves_the_old_or_the_new_file(tmp_path: Path) -> None:
    target = tmp_path / "big"
    write_atomic(target, b"0" * 4_000_000)
    code = (
        "import sys; from pathlib import Path; from robustmnist.system.files import write_atomic\n"
        "print('up', flush=True)\n"
        "for n in range(10**6): write_atomic(Path(sys.argv[1]), bytes([48 + n % 10]) * 4_000_000)"
    )
    for pause in (0.005, 0.02, 0.05):
        process = subprocess.Popen([sys.executable, "-c", code, str(target)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        with process.stdout:
            process.stdout.readline()
            try:
                process.wait(pause)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
        content = target.read_bytes()
        assert len(content) == 4_000_000
        assert len(set(content)) == 1


def test_leftovers_of_a_kill_go_and_nothing_else_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Kill(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Kill

    write_atomic(tmp_path / "a.txt", "whole")
    for name in (".hidden", "part", "mine.part"):
        (tmp_path / name).touch()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *_, **__: None)  # a kill clears nothing away
        patch.setattr(os, "fsync", kill)
        with pytest.raises(Kill):
            write_atomic(tmp_path / "a.txt", "new")
    assert len(list(tmp_path.iterdir())) == 5
    clear_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", ".hidden", "part", "mine.part"}
    assert (tmp_path / "a.txt").read_text() == "whole"
    clear_leftovers(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("number", "kind", "remedy"),
    [
        (errno.EACCES, errors.RunError, "use another -o"),
        (errno.EROFS, errors.RunError, "use another -o"),
        (errno.ENOSPC, errors.RobustMnistError, "make room or repair it, then run it again"),
        (errno.EIO, errors.RobustMnistError, "make room or repair it, then run it again"),
    ],
)
def test_what_the_disk_says_is_told_with_a_remedy(number: int, kind: type[Exception], remedy: str) -> None:
    with pytest.raises(errors.RobustMnistError) as caught, disk_errors(Path("here"), "run it again"):
        raise OSError(number, os.strerror(number), "somewhere below")
    assert type(caught.value) is kind
    assert str(caught.value) == f"here: cannot be written ({os.strerror(number)}); {remedy}"


def test_what_is_there_is_told_or_why_not(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    seen = [(exists(tmp_path / name), is_file(tmp_path / name)) for name in (".", "file", "file/below", "nothing")]
    assert seen == [(True, False), (True, True), (False, False), (False, False)]
    for name, why in (("x" * 300, "File name too long"), ("a\0b", "null byte")):
        for ask in (exists, is_file):
            with pytest.raises(errors.RunError, match=rf"cannot be looked at \(.*{why}.*\); name another path"):
                ask(tmp_path / name, errors.RunError)


def test_a_folder_that_may_not_be_looked_into_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(errors.InputError, match=r"closed/x: cannot be looked at \(Permission denied\)") as caught:
        exists(Path("closed/x"))
    assert caught.value.exit_code == 2


def test_a_name_that_is_no_utf8_is_written_and_read_back(tmp_path: Path) -> None:
    name = os.fsdecode(b"runs/\xff\xc3\xb6")
    write_atomic(tmp_path / "a.json", json.dumps(name, ensure_ascii=False))
    assert (tmp_path / "a.json").read_bytes() == b'"runs/\\udcff\xc3\xb6"'
    assert json.loads((tmp_path / "a.json").read_bytes()) == name
    assert utf8("zwölf") == "zwölf".encode()


def test_hashes_agree(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, example B.1
    assert sha256_bytes(b"abc") == sha256_file(tmp_path / "abc") == expected


def test_an_error_says_what_where_and_the_remedy() -> None:
    error = errors.DataError("is truncated", where="t10k", remedy="delete it")
    assert str(error) == "t10k: is truncated; delete it"
    assert error.exit_code == 2
    assert errors.RobustMnistError("x").exit_code == 1


def test_every_exception_is_listed_and_drawn() -> None:
    classes = {name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, Exception)}
    assert classes == set(errors.__all__)
    assert errors.__doc__ is not None
    assert all(name in errors.__doc__ for name in classes)


def test_shipped_folders_hold_what_they_say() -> None:
    assert list(shipped("perturbations").glob("*.toml"))
    assert list(shipped("checkpoints").glob("*.safetensors"))


def child(code: str, *words: object) -> "subprocess.Popen[str]":
    """Return a process that has run `code` up to its print."""
    process = subprocess.Popen([sys.executable, "-c", code, *map(str, words)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        process.stdout.readline()
    return process


WRITE = """
import os, sys, time
from pathlib import Path
from robustmnist.system.files import write_atomic
def stop(_):
    print("writing", flush=True)
    time.sleep(60)
os.fsync = stop
write_atomic(Path(sys.argv[1]), "never")
"""


def test_the_next_write_clears_what_a_kill_left_and_nothing_of_the_living(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    dead, living, other = (child(WRITE, path) for path in (target, target, tmp_path / "b.csv"))
    for process in (dead, other):
        process.kill()
        process.wait()
    assert len(list(tmp_path.glob(".*.part"))) == 3
    write_atomic(target, "whole")
    assert len(list(tmp_path.glob(".a.csv.*.part"))) == 1  # of the living process
    assert len(list(tmp_path.glob(".b.csv.*.part"))) == 1  # of another file: none of our business
    clear_leftovers(tmp_path)
    assert [path.name[:7] for path in tmp_path.glob(".*.part")] == [".a.csv."]
    living.kill()
    living.wait()
    write_atomic(target, "again")
    assert [path.name for path in tmp_path.glob("*a.csv*")] == ["a.csv"]
    assert target.read_text() == "again"


def test_without_locks_nobody_can_tell_and_nothing_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fcntl.flock", no_locks)
    (tmp_path / ".a.csv.12345678.part").touch()
    write_atomic(tmp_path / "a.csv", "whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a.csv.12345678.part", "a.csv"]


def no_locks(*_: object) -> None:
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


def test_a_folder_is_locked_by_a_file_where_there_are_no_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fcntl.flock", no_locks)
    with locked(tmp_path):
        said = f"another process is writing there: process {os.getpid()} on .*; wait, or use another -o; if that"
        with pytest.raises(RunError, match=said), locked(tmp_path):
            pytest.fail("two at once")
    assert holds_nothing(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_dead_process_lock_is_taken_over_and_a_strangers_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fcntl.flock", no_locks)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / ".lock").write_text(f"process {dead.pid} on {socket.gethostname()}")
    assert holds_nothing(tmp_path)
    with locked(tmp_path):
        assert (tmp_path / ".lock").read_text() == f"process {os.getpid()} on {socket.gethostname()}"
    for owner in (f"process {dead.pid} on another-machine", "", "process x on y", f"process {10**30} on z"):
        (tmp_path / ".lock").write_text(owner)
        with pytest.raises(RunError, match="another process is writing there"), locked(tmp_path):
            pytest.fail(owner)


RACE = """
import errno, fcntl, sys
from pathlib import Path
def none(*_): raise OSError(errno.ENOTSUP, "no locks")
fcntl.flock = none
from robustmnist.errors import RunError
from robustmnist.system.folders import locked
folder = Path(sys.argv[1])
print("up", flush=True)
sys.stdin.readline()
taken = 0
while taken < 20:
    try:
        with locked(folder):
            with (folder / "inside").open("x"):
                pass
            (folder / "inside").unlink()
            taken += 1
    except RunError:
        pass
"""


def test_of_many_processes_one_at_a_time_holds_a_folder_without_locks(tmp_path: Path) -> None:
    """Each makes a file that must not be there while it holds the folder; the first also takes over a dead one's."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / ".lock").write_text(f"process {dead.pid} on {socket.gethostname()}")
    words = [sys.executable, "-c", RACE, str(tmp_path)]
    pipe = subprocess.PIPE
    all_ = [subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(4)]
    for one in all_:
        assert one.stdout is not None
        one.stdout.readline()
    for one in all_:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    assert [(one.communicate()[1], one.returncode) for one in all_] == [("", 0)] * 4
    assert not list(tmp_path.iterdir())
