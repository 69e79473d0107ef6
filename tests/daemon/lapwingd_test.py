"""What lapwingd says, how it starts and ends, and that foreign CoAP programs register with it."""
import json
import os
import re
import resource
import signal
import socket
import subprocess
import urllib.request

import pytest

from program import ROOT, Program


def run(*args, env=None):
    program = Program("lapwingd", *args, env=env)
    program.status = program.wait()
    return program


# ---- Configuration ------------------------------------------------------------------------------


@pytest.mark.parametrize("args,message", [
    (["--frob"], "--frob: no such option"),
    (["extra"], "extra: what is this"),
    (["--coap-port"], "--coap-port needs a value"),
    (["--coap-port", "x"], "--coap-port: 'x' is not a number"),
    (["--coap-port=70000"], "--coap-port: 70000 is not between 0 and 65535"),
    (["--listen", "localhost"], "--listen: 'localhost' is not 1 to 8 IP addresses"),
    (["--http", "8080"], "--http: '8080' is not an IP address and port"),
    (["--open=perhaps"], "--open: 'perhaps' is not yes or no"),
    (["--open", "--http", "0.0.0.0:0"], "open: without tokens the API must listen on a loopback address"),
    (["--log", "loud"], "--log: 'loud' is not error, warning, info or detail"),
    (["--config", "/nowhere"], "/nowhere: No such file"),
    (["--check-store", "--backup", "x"], "one of --check-config, --check-store"),
])
def test_wrong_usage_is_told_and_ends_with_2(args, message):
    program = run(*args)
    assert program.status == 2
    assert message in program.stderr() and program.stderr().startswith("lapwingd: ")
    assert program.out.lines == []


def test_a_wrong_file_is_told_with_its_line(tmp_path):
    (tmp_path / "c.yaml").write_text("log: info\ncoap-prot: 1\n")
    for args, env in ([["--config", tmp_path / "c.yaml"], {}], [[], {"LAPWING_CONFIG": str(tmp_path / "c.yaml")}]):
        program = run("--check-config", *args, env=env)
        assert program.status == 2
        assert f"{tmp_path}/c.yaml, line 2: there is no key of this name: coap-prot" in program.stderr()


def test_check_config_of_the_sample():
    program = run("--check-config", "--config", ROOT / "etc/lapwingd.yaml")
    assert (program.status, program.out.lines) == (0, ["the configuration is right"])


def test_help_manual_and_sample_name_the_same_keys():
    program = run("--help")
    assert program.status == 0
    helped = set(re.findall(r"--([a-z-]+)", "\n".join(program.out.lines)))
    own = {"config", "admin-token", "check-config", "check-store", "export", "import", "backup", "help", "version"}
    keys = set(re.findall(r"^\.It Ic ([a-z-]+) Ns :", (ROOT / "man/lapwingd.yaml.5").read_text(encoding="utf-8"), re.M))
    assert helped == keys | own
    sample = (ROOT / "etc/lapwingd.yaml").read_text(encoding="utf-8")
    assert keys == set(re.findall(r"^#([a-z-]+):", sample, re.M))
    manual = (ROOT / "man/lapwingd.8").read_text(encoding="utf-8")
    assert own <= set(re.findall(r"(?:Fl|,) -([a-z-]+)", manual))
    assert re.match(r"lapwingd \d+\.\d+\.\d+$", run("--version").out.lines[0])


def test_flags_win_over_the_environment_which_wins_over_the_file(tmp_path):
    (tmp_path / "c.yaml").write_text("data-dir: /nowhere/file\nstore: memory\nlisten: 127.0.0.1\ncoap-port: 0\n")
    environment = {"LAPWING_DATA_DIR": "/nowhere/env"}
    for args, env, named in ([[], {}, "/nowhere/file"], [[], environment, "/nowhere/env"],
                             [["--data-dir", "/nowhere/flag"], environment, "/nowhere/flag"]):
        program = run("--config", tmp_path / "c.yaml", *args, env=env)
        assert program.status == 1
        assert f"data-dir {named}: No such file or directory" in program.stderr()


# ---- Start and end ------------------------------------------------------------------------------


MEMORY = ["--store", "memory"]


def test_a_registration_outlives_a_restart(daemon, tmp_path):
    server = daemon()
    said = coap_client("post", f"{server.coap}/rd?ep=lasting&lt=300&lwm2m=1.1&b=U", "</3/0>")
    location = re.search(r"c:2\.01 .*Location-Path:rd, Location-Path:([\w-]+)", said)[1]
    assert server.stop() == 0
    server = daemon(coap_port=server.coap_port)
    server.wait_for_log("store: 1 devices loaded, 0 left out")
    assert "c:2.04" in coap_client("post", f"{server.coap}/rd/{location}")


def test_requests_that_ended_are_not_missed_at_the_next_start(daemon, device):
    server = daemon()
    device("-u", server.coap, "-n", "lamp").wait_for("^registered")
    assert server.call("GET", "/v1/devices/lamp/resources/3/0/1?async&wait=20")[0] == 200
    assert server.stop() == 0
    server = daemon()
    assert server.stop() == 0
    assert "devices loaded" in server.stderr() and "warning" not in server.stderr()


def test_a_store_that_may_not_grow_is_told_by_log_api_and_readiness_until_it_may(daemon, device):
    server = daemon()
    device("-u", server.coap, "-n", "lamp").wait_for("^registered")
    pid, unlimited = server.process.pid, resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1024, unlimited[1]))
    for method, path, body in (("PUT", "/v1/credentials/x", {"mode": "psk", "identity": "x", "key": "AQIDBA=="}),
                               ("GET", "/v1/devices/lamp/resources/3/0/1?async", None)):
        status, refused = server.call(method, path, body)
        assert (status, refused["type"]) == (503, "urn:lapwing:problem:store")
        assert refused["detail"].startswith("nothing can be kept: the disk ")
    server.wait_for_log("error store: nothing can be kept: the disk ")
    assert server.call("GET", "/readyz")[0] == 503
    assert server.call("GET", "/v1/devices/lamp/resources/3/0/1")[0] == 200  # what needs no disk goes on
    resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
    server.wait_for_log("warning store: changes are kept again")
    assert server.call("GET", "/readyz")[0] == 200
    assert server.call("GET", "/v1/credentials")[1]["items"] == []


def test_who_is_refused_is_named_with_its_address(daemon):
    server = daemon()
    assert "c:4.00" in coap_client("post", f"{server.coap}/rd?ep=lamp&lt=x&lwm2m=1.1&b=U", "</3/0>")
    assert "c:4.04" in coap_client("post", f"{server.coap}/rd/nowhere")
    server.wait_for_log(r"info server: lamp: lt is not a number of seconds; refused to 127\.0\.0\.1:\d+$")
    server.wait_for_log(r"info server: [^:]+; refused to 127\.0\.0\.1:\d+$")
    request = urllib.request.Request(f"{server.url}/v1/events?after=0&type=refused",
                                     headers={"Authorization": f"Bearer {server.token}"})
    with urllib.request.urlopen(request, timeout=10) as stream:
        data = next(line for line in stream if line.startswith(b"data: {\"id\""))
    assert re.fullmatch(r"127\.0\.0\.1:\d+", json.loads(data[6:])["address"])


def test_a_data_directory_has_one_server(daemon):
    daemon()
    second = daemon(ready=False)
    assert second.wait() == 1
    assert re.search(r"lapwingd: .*(another|uses|process)", second.stderr())


def test_a_data_directory_that_may_not_be_written_is_told(daemon, tmp_path):
    (tmp_path / "data").write_text("no directory")
    server = daemon(ready=False)
    assert server.wait() == 1
    assert "error lapwingd: " in server.stderr()


def test_a_damaged_store_is_told_and_left_as_it_is(daemon, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "lapwing.db").write_bytes(b"this is no database" * 100)
    server = daemon(ready=False)
    assert server.wait() == 1
    assert "lapwing.db" in server.stderr()
    assert (tmp_path / "data" / "lapwing.db").read_bytes().startswith(b"this is no database")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_ends_with_0(daemon, number):
    server = daemon(*MEMORY)
    assert re.match(r"listen coap 127\.0\.0\.1:\d+$", server.out.lines[0])
    assert server.stop(number) == 0
    server.wait_for_log("ending$")


def test_several_addresses_each_get_a_line(daemon):
    server = daemon(*MEMORY, "--listen", "::1")
    assert [line for line in server.out.lines if line.startswith("listen coap [::1]:")]
    assert len([line for line in server.out.lines if line.startswith("listen coap ")]) == 2


def test_a_port_in_use_is_told(daemon):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        server = daemon(*MEMORY, coap_port=port, ready=False)
        assert server.wait() == 1
    assert f"cannot listen on UDP 127.0.0.1:{port}: Address already in use" in server.stderr()


def test_a_data_directory_that_cannot_be_made_is_told(daemon, tmp_path):
    (tmp_path / "file").write_text("")
    server = daemon(*MEMORY, data_dir=tmp_path / "file" / "x", ready=False)
    assert server.wait() == 1
    assert f"data-dir {tmp_path}/file/x: Not a directory" in server.stderr()


def test_hangup_changes_the_level_of_the_log_and_names_what_needs_a_restart(daemon, tmp_path):
    config = tmp_path / "c.yaml"
    config.write_text("log: info\n")
    server = daemon(*MEMORY, "--config", config)
    config.write_text("log: detail\nawake: 10s\n")
    server.signal(signal.SIGHUP)
    server.wait_for_log("config: awake changed; it needs a restart$")
    server.wait_for_log("config: log changed$")
    server.wait_for_log("config: reloaded$")
    config.write_text("log: shout\n")
    server.signal(signal.SIGHUP)
    server.wait_for_log("line 1: log: 'shout' is not")
    server.wait_for_log("the configuration is wrong; nothing changed")


def test_ports_that_are_not_served_are_told(daemon):
    server = daemon(*MEMORY, "--coaps-port", "0")
    server.wait_for_log("coaps-port: CoAP over DTLS: not served by this build")


def test_systemd_is_told_of_start_reload_watchdog_and_end(daemon, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(15)
        server = daemon(*MEMORY, env={"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"})
        said = [notify.recv(100) for _ in range(4)]
        assert said == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        server.signal(signal.SIGHUP)
        while said[-1] != b"RELOADING=1":
            said.append(notify.recv(100))
        while said[-1] != b"READY=1":
            said.append(notify.recv(100))
        assert server.stop() == 0
        while said[-1] != b"STOPPING=1":
            said.append(notify.recv(100))


def test_lines_for_the_journal_have_a_priority_and_no_time(tmp_path):
    log = open(tmp_path / "log", "w+", encoding="utf-8")
    stat = os.fstat(log.fileno())
    program = os.environ.get("LAPWINGD", str(ROOT / "build/asan/lapwingd"))
    subprocess.run([program, *MEMORY, "--data-dir", "/nowhere/x"], stderr=log, check=False,
                   env={**os.environ, "JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino}"})
    log.seek(0)
    assert log.read().startswith("<3>lapwingd: data-dir /nowhere/x: No such file")
    log.close()


# ---- The store ----------------------------------------------------------------------------------


def test_the_first_token_is_in_a_file_for_its_owner_alone(daemon, tmp_path):
    server = daemon()
    assert os.stat(tmp_path / "data" / "admin-token").st_mode & 0o777 == 0o600
    assert server.call("GET", "/v1/tokens")[0] == 200
    token = server.token
    assert server.stop() == 0
    server = daemon()
    assert server.token == token


def test_a_lost_token_can_be_replaced(daemon, tmp_path):
    server = daemon()
    busy = run("--data-dir", tmp_path / "data", "--admin-token")
    assert busy.status == 1 and "lapwingd: " in busy.stderr()
    assert server.stop() == 0
    made = run("--data-dir", tmp_path / "data", "--admin-token")
    assert made.status == 0
    server = daemon()
    status, tokens = server.call("GET", "/v1/tokens", token=made.out.lines[0])
    assert status == 200 and len(tokens["items"]) == 2


def test_export_import_backup_and_check(daemon, tmp_path):
    server = daemon()
    assert server.call("PUT", "/v1/credentials/lamp", {"mode": "psk", "identity": "me", "key": "AAEC"})[0] == 200
    data = ["--data-dir", tmp_path / "data"]
    assert run(*data, "--export", tmp_path / "rows").status == 0
    assert os.stat(tmp_path / "rows").st_mode & 0o777 == 0o600
    assert run(*data, "--backup", tmp_path / "copy.db").status == 0
    again = run(*data, "--backup", tmp_path / "copy.db")
    assert (again.status, again.stderr()) == (1, f"lapwingd: {tmp_path}/copy.db is there already")
    nowhere = run(*data, "--backup", tmp_path / "no" / "copy.db")
    assert (nowhere.status, nowhere.stderr()) == (1, f"lapwingd: {tmp_path}/no/copy.db: No such file or directory")
    checked = run(*data, "--check-store")
    assert checked.status == 0
    assert "credentials      1" in checked.out.lines and checked.out.lines[-1] == "0 problems"
    assert '"AAEC"' in "\n".join(run(*data, "--export", "-").out.lines).replace("\\", "")
    again = run("--data-dir", tmp_path / "again", "--import", tmp_path / "rows")
    assert again.status == 0, again.stderr()
    assert run("--data-dir", tmp_path / "again", "--import", tmp_path / "rows").status == 1
    token = server.token
    (tmp_path / "back").mkdir()
    (tmp_path / "copy.db").rename(tmp_path / "back" / "lapwing.db")
    for directory in ("again", "back"):
        other = daemon(data_dir=tmp_path / directory)
        status, known = other.call("GET", "/v1/credentials/lamp", token=token)
        assert (status, known["identity"]) == (200, "me")


@pytest.mark.parametrize("args", [["--check-store"], ["--export", "-"], ["--backup", "/tmp/x"]])
def test_where_there_is_no_store_nothing_is_made(args, tmp_path):
    program = run("--data-dir", tmp_path / "none", *args)
    assert program.status == 1
    assert program.stderr() == f"lapwingd: {tmp_path}/none: no store is there (lapwing.db)"
    assert not (tmp_path / "none").exists()


# ---- Foreign CoAP programs ----------------------------------------------------------------------


def coap_client(method, uri, payload=None, *args):
    command = ["coap-client-notls", "-m", method, "-B", "5", "-v", "6", *args]
    if payload is not None:
        command += ["-t", "40", "-e", payload]
    done = subprocess.run([*command, uri], capture_output=True, text=True, timeout=20, check=False)
    return done.stdout + done.stderr


def test_libcoap_registers_updates_and_deregisters(daemon):
    server = daemon(*MEMORY)
    said = coap_client("post", f"{server.coap}/rd?ep=foreign&lt=300&lwm2m=1.1&b=U", "</3/0>,</1/0>")
    location = re.search(r"c:2\.01 .*Location-Path:rd, Location-Path:([\w-]+)", said)[1]
    server.wait_for_log("foreign: registered")
    assert "c:2.04" in coap_client("post", f"{server.coap}/rd/{location}?lt=600")
    assert "c:2.02" in coap_client("delete", f"{server.coap}/rd/{location}")
    assert "c:4.04" in coap_client("post", f"{server.coap}/rd/{location}")
    assert "c:4.00" in coap_client("post", f"{server.coap}/rd?ep=foreign&lt=x&lwm2m=1.1", "</3/0>")


def test_lapwing_device_registers_and_leaves(daemon, device):
    server = daemon(*MEMORY)
    thing = device("-u", server.coap, "-n", "plain")
    thing.wait_for("^registered")
    server.wait_for_log("plain: registered")
    assert thing.stop() == 0
    server.wait_for_log("plain: de-registered")
