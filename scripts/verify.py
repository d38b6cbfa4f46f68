#!/usr/bin/python3
"""verify.py -- a second reader of Field Kit's format.

Written, with verify_segment.py, verify_keyring.py and verify_hub.py, from
schema/WIRE.md alone.
It shares no code with the kit, so that a mistake in one shows in the other.

    verify.py segment DIR      DIR/blob opened with DIR/keys is what
                               DIR/expected.json says
    verify.py keyring DIR      the envelope of DIR/device in DIR/blob, opened
                               with the box secret DIR/box, holds the key set
                               DIR/keys
    verify.py example WIRE.md  the bytes of section 10 are what it says
    verify.py hub REPOSITORY --genesis HEX [KEYS]
                               every ref, commit, blob and rule; with keys
                               every segment is opened too.  KEYS is
        --keys FILE [--self DEVICE]         a key set, and whose it is, or
        --invitation FILE --code "WORDS"    the one that an invitation holds

Prints TAP; exits 1 if anything is not ok.  Needs git, python3-nacl and
python3-zstandard.
"""
import json
import os
import re
import sys

sys.dont_write_bytecode = True

from verify_hub import Git, Hub, Invitation         # noqa: E402
from verify_keyring import Keyring, key_set         # noqa: E402
from verify_segment import (H, Keys, Segment,       # noqa: E402
                            need, part_nonce)


class Tap:
    def __init__(self):
        self.n = self.bad = 0

    def check(self, sentence, f, *args):
        self.n += 1
        try:
            more = f(*args)
        except Exception as e:
            self.bad += 1
            print("not ok %d - %s" % (self.n, sentence))
            print("# %s: %s" % (type(e).__name__, e))
            return
        print("ok %d - %s%s" % (self.n, sentence, more and ": " + more or ""))

    def done(self):
        print("1..%d" % self.n)
        return 1 if self.bad else 0


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def check_dir(path):
    want = json.loads(read(path, "expected.json"))
    me = bytes.fromhex(want["self"])
    g = Segment(read(path, "blob"))
    g.open(Keys(read(path, "keys"), me), want["g"])
    need(g.as_json(me) == want, "it opens to: " + json.dumps(g.as_json(me)))


def check_keyring(path):
    k = Keyring(read(path, "blob"))
    got = k.open(read(path, "device"), read(path, "box"))
    need(key_set(got) == read(path, "keys"), "it opens to another key set")
    return "%d items" % len(got)


def check_example(path):
    """Section 10: hex blocks of key set and blob, the JSON, the steps."""
    text = read(path).decode().split("## 10.")[1].split("\n## ")[0]
    keys, blob = (bytes.fromhex(re.sub(r"(?m)\|.*$|\s", "", x)) for x in
                  re.findall(r"```hex\n(.*?)```", text, re.S))
    want = json.loads(re.search(r"```json\n(.*?)```", text, re.S)[1])
    me = bytes.fromhex(want["self"])
    keys, g = Keys(keys, me), Segment(blob)
    g.open(keys, want["g"])
    need(g.as_json(me) == want, "it opens to: " + json.dumps(g.as_json(me)))
    steps = [keys.ledger(1), H(blob[:g.h]), keys.trees[1].leaf(g.device, 1),
             keys.entry(1, 1, 1, g.device, g.device, 1)]
    steps += [part_nonce(g.seed, i) for i in range(3)]
    for step in steps:
        need("`%s`" % step.hex() in text, "a step is not %s" % step.hex())


def option(argv, name):
    return argv[argv.index(name) + 1] if name in argv else None


def keys_of(argv, genesis):
    """The keys that the options name; None: none."""
    if option(argv, "--invitation"):
        i = Invitation(read(option(argv, "--invitation")),
                       option(argv, "--code"))
        need(i.genesis == genesis, "an invitation to another project")
        return Keys(i.keys, i.device)
    if option(argv, "--keys"):
        me = option(argv, "--self")
        return Keys(read(option(argv, "--keys")), me and bytes.fromhex(me))
    return None


def main(argv):
    if len(argv) < 3 or argv[1] not in ("segment", "keyring", "example",
                                          "hub"):
        sys.exit(__doc__)
    tap = Tap()
    if argv[1] == "segment":
        tap.check("the segment opens to what is expected: " +
                  os.path.basename(argv[2]), check_dir, argv[2])
    elif argv[1] == "keyring":
        tap.check("the envelope opens to what is expected: " +
                  os.path.basename(argv[2]), check_keyring, argv[2])
    elif argv[1] == "example":
        tap.check("the worked example is what it says", check_example, argv[2])
    else:
        genesis = bytes.fromhex(option(argv, "--genesis"))
        Hub(Git(argv[2]), genesis, keys_of(argv, genesis)).run(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
