#!/usr/bin/env python3
"""A run killed at any instant resumes from its last checkpoint to the same bits as a run never stopped.

Usage: interrupted.py ELBO_TRAIN
Kills a real elbo-train with SIGKILL at 24 moments spread over its life, checkpoints after every few updates, so that many of them fall
into writing; resumes each time; compares weights, optimizer state and metrics (but for times) byte for byte with a whole run's.
Then the ends that files can come to: a file-size limit, a folder that cannot be written, a full disk; one error line each, and the
checkpoint before stays whole.
"""
import json, os, pathlib, random, resource, shutil, signal, struct, subprocess, sys, tempfile, time

TRAIN = sys.argv[1]
ENV = os.environ
SETTINGS = ["--set", "model.hidden=[300]", "--set", "model.latent=8", "--set", "train.batch=20", "--set", "train.epochs=6", "--set", "train.checkpoint_steps=2",
            "--threads", "1", "--quiet"]
passed = failed = skipped = 0


def check(what, ok, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(f"{'passed' if ok else 'FAILED'}: {what} {detail if not ok else ''}", flush=True)


def skip(what, why):
    global skipped
    skipped += 1
    print(f"skipped: {what}: {why}", flush=True)


def write_npy(path, examples):
    shape = (examples, 12, 12, 1)
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    rng = random.Random(3)
    pixels = bytes(rng.choice((0, 0, 0, 90, 255)) for _ in range(examples * 144))
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + pixels)


def result(run):
    """What must be equal: the files, and the metrics without times."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        line.pop("seconds"), line.pop("examples_per_second")
    return [lines] + [(run / name).read_bytes() for name in ("state.safetensors", "model.safetensors", "best.safetensors")]


def start(arguments, program=(TRAIN,), **more):
    return subprocess.Popen([*program, *arguments], env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def finish(process):
    out, err = process.communicate(timeout=600)
    return process.returncode, err


def kills(folder, data):
    whole, part = folder / "whole", folder / "part"
    begin = time.monotonic()
    code, err = finish(start(["--preset", "mlp-vae", "--data", data, "--out", str(whole), *SETTINGS]))
    check("the whole run ends well", code == 0, err)
    length = time.monotonic() - begin
    rng, killed, process = random.Random(1), 0, start(["--preset", "mlp-vae", "--data", data, "--out", str(part), *SETTINGS])
    for moment in range(200):
        if killed >= 24:
            break
        time.sleep(rng.uniform(0.01, max(0.05, length / 12)))
        ended = process.poll() is not None
        process.send_signal(signal.SIGKILL)
        finish(process)
        if not ended:
            killed += 1
        elif part.exists() and process.returncode == 0:
            shutil.rmtree(part)  # it came to its end between two kills: begin anew
        process = start(["--resume", str(part), "--threads", "1", "--quiet"]) if part.exists() else start(
            ["--preset", "mlp-vae", "--data", data, "--out", str(part), *SETTINGS])
    code, err = finish(process)
    check("at least 20 kills", killed >= 20, str(killed))
    check("the resumed run ends well", code == 0, err)
    if code == 0:
        check("weights, optimizer and metrics have the bits of the whole run", result(whole) == result(part))
        left = [p.name for p in part.iterdir() if ".tmp-" in p.name]
        check("nothing temporary is left", not left, str(left))


def one_error(err):
    lines = err.strip().splitlines()
    return len(lines) == 1 and lines[0].startswith("error: ")


def writing_fails(folder, data):
    run = folder / "limited"
    code, err = finish(start(["--preset", "mlp-vae", "--data", data, "--out", str(run), *SETTINGS, "--set", "train.epochs=1"]))
    check("a run to be continued", code == 0, err)
    before = (run / "state.safetensors").read_bytes()
    more = ["--resume", str(run), "--set", "train.epochs=3", "--threads", "1", "--quiet"]

    code, err = finish(start(more, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))))
    check("a file-size limit: exit 1, one error line", code == 1 and one_error(err), f"{code} {err}")
    check("... and the checkpoint is whole", (run / "state.safetensors").read_bytes() == before)

    if os.getuid() == 0:
        for path in (run, *run.iterdir()):
            os.chown(path, 0, 0)
        run.chmod(0o755), folder.chmod(0o755)

        def somebody():
            os.setgid(65534), os.setuid(65534)
        try:
            code, err = finish(start(more, preexec_fn=somebody))
        except PermissionError:  # nobody else may look into the folders above: then root without root's way around permissions
            for path in (run, *run.iterdir()):
                os.chown(path, 65534, 65534)
            code, err = finish(start(more, program=["setpriv", "--bounding-set=-dac_override,-dac_read_search", TRAIN]))
        check("an unwritable folder: exit 1, one error line", code == 1 and one_error(err), f"{code} {err}")
        check("... and the checkpoint is whole", (run / "state.safetensors").read_bytes() == before)
    else:
        run.chmod(0o555)
        code, err = finish(start(more))
        run.chmod(0o755)
        check("an unwritable folder: exit 1, one error line", code == 1 and one_error(err), f"{code} {err}")

    small = folder / "small"
    small.mkdir()
    size = sum(p.stat().st_size + 4096 for p in run.iterdir()) + len(before) // 2  # room for the run, and half a checkpoint more
    inside = f"mount -t tmpfs -o size={size} none {small} && cp -r {run} {small}/run && {{ {TRAIN} {' '.join(more).replace(str(run), f'{small}/run')}; echo $? > {folder}/code; }} 2> {folder}/err; cp {small}/run/state.safetensors {folder}/after"
    space = subprocess.run(["unshare", "-rm", "sh", "-c", inside], env=ENV, capture_output=True, text=True)
    if not (folder / "code").exists():
        return skip("a full disk", f"unshare -rm with a tmpfs is not allowed here ({space.stderr.strip()})")
    code, err = int((folder / "code").read_text()), (folder / "err").read_text()
    check("a full disk: exit 1, one error line", code == 1 and one_error(err), f"{code} {err}")
    check("... and the checkpoint is whole", (folder / "after").read_bytes() == before)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_npy(folder / "data.npy", 400)
        data = f"npy:{folder / 'data.npy'}"
        kills(folder, data)
        writing_fails(folder, data)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)


main()
