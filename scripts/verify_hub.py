"""verify_hub -- commits, roster, keyrings and main of a hub, from WIRE.md 4
to 7.

Part of verify.py: written from the page alone.
"""
import base64
import copy
import hashlib
import re
import struct
import subprocess

import nacl.bindings as sodium

from verify_keyring import Keyring
from verify_segment import (H, MIB, ZERO, Reader, Segment, need, part_nonce,
                            rising, u32, unbox, unpack)


# ---- 4. commits ----

def s(x):
    return struct.pack(">I", len(x)) + x


def signed_by(pk, sig, namespace, message):
    data = (b"SSHSIG" + s(namespace) + s(b"") + s(b"sha512") +
            s(hashlib.sha512(message).digest()))
    try:
        sodium.crypto_sign_open(sig + data, pk)
        return True
    except Exception:
        return False


HEX, ID, DEC = rb"[0-9a-f]{64}", rb"[0-9a-f]{32}", rb"[1-9][0-9]*"
WHO = rb"fieldkit <kit@kit\.invalid> (%s) \+0000" % DEC
OBJECT = re.compile(
    rb"(tree ([0-9a-f]{40})\n((?:parent [0-9a-f]{40}\n){0,9})author " + WHO +
    rb"\ncommitter " + WHO + rb"\n)gpgsig (-----BEGIN SSH SIGNATURE-----\n"
    rb"(?: [A-Za-z0-9+/=]{1,70}\n)+ -----END SSH SIGNATURE-----)\n"
    rb"(\n.*)", re.S)
MESSAGE = re.compile(
    rb"\nkit 1\ngenesis (%s)\nref (\S+)\nseq (%s)\nprev (%s)\nseg (%s)\n"
    rb"roster (0|%s) (%s)\n((?:accept %s %s %s\n){0,8})(?:box (%s)\n)?"
    rb"(?:epoch (%s)\n)?(?:join (\S+)\n)?" %
    (HEX, DEC, HEX, HEX, DEC, HEX, ID, DEC, HEX, HEX, DEC))


class Commit:
    def __init__(self, oid, raw):
        need(len(raw) <= 8192, "a commit above 8 KiB")
        m = OBJECT.fullmatch(raw)
        need(m, "the grammar of a commit object")
        self.oid, self.hash = oid, H(raw)
        self.tree = m[2].decode()
        self.parents = [p.split()[1].decode() for p in m[3].splitlines()]
        need(m[4] == m[5], "author and committer differ in time")
        self.generation = int(m[4]) - 1577836800
        self.read_signature(m[6].replace(b"\n ", b"\n"), m[1] + m[7])
        self.read_message(m[7])

    def read_signature(self, armor, unsigned):
        lines = armor.split(b"\n")[1:-1]
        need(all(len(x) == 70 for x in lines[:-1]), "armour")
        blob = base64.b64decode(b"".join(lines), validate=True)
        need(base64.b64encode(blob) == b"".join(lines), "base64")
        self.pk, sig = blob[33:65], blob[-64:]
        want = (b"SSHSIG" + struct.pack(">I", 1) +
                s(s(b"ssh-ed25519") + s(self.pk)) + s(b"git") + s(b"") +
                s(b"sha512") + s(s(b"ssh-ed25519") + s(sig)))
        need(blob == want, "the bytes of SSHSIG")
        need(signed_by(self.pk, sig, b"git", unsigned), "the signature")

    def read_message(self, text):
        m = MESSAGE.fullmatch(text)
        need(m, "the grammar of a message")
        self.genesis, self.prev, self.seg = (bytes.fromhex(m[i].decode())
                                             for i in (1, 4, 5))
        self.ref, self.seq = m[2].decode(), int(m[3])
        self.roster = (int(m[6]), bytes.fromhex(m[7].decode()))
        self.accepts = []
        for line in m[8].decode().splitlines():
            _, d, n, h = line.split()
            self.accepts.append((bytes.fromhex(d), int(n), bytes.fromhex(h)))
        rising([d for d, _, _ in self.accepts], "accept lines")
        self.epoch = int(m[10]) if m[10] else None
        self.join = base64.b64decode(m[11], validate=True) if m[11] else None
        main, device = self.ref == MAIN, self.ref.startswith(DEVICE)
        need(self.seq < 2**31, "a seq out of bounds")
        need(bool(self.accepts) == main, "accept lines stand in main")
        need((self.seg == ZERO) == main, "seg is zeros in main")
        need(device or not (m[9] or m[10] or m[11]), "a device's lines")
        need(not self.join or (self.seq == 1 and len(self.join) == 256 and
             base64.b64encode(self.join) == m[11]), "join")


MAIN, DEVICE = "refs/heads/main", "refs/heads/device/"
ROSTER, HUB, KEYRING = "refs/heads/roster", "refs/heads/hub", \
    "refs/heads/keyring/"


class Git:
    def __init__(self, path):
        self.path = path
        self.cat = subprocess.Popen(
            ["git", "-C", path, "-c", "safe.directory=*", "cat-file",
             "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.known = {}

    def refs(self):
        out = subprocess.run(
            ["git", "-C", self.path, "-c", "safe.directory=*",
             "for-each-ref", "--format=%(refname) %(objectname)"],
            check=True, stdout=subprocess.PIPE).stdout.decode()
        return dict(line.split() for line in out.splitlines())

    def get(self, oid, kind):
        self.cat.stdin.write(oid.encode() + b"\n")
        self.cat.stdin.flush()
        head = self.cat.stdout.readline().split()
        need(len(head) == 3, "object %s is missing" % oid)
        data = self.cat.stdout.read(int(head[2]) + 1)[:-1]
        need(head[1].decode() == kind, "%s is no %s" % (oid, kind))
        name = hashlib.sha1(head[1] + b" " + head[2] + b"\0" + data)
        need(name.hexdigest() == oid, "%s is not named by its hash" % oid)
        return data

    def commit(self, oid):
        if oid not in self.known:
            self.known[oid] = Commit(oid, self.get(oid, "commit"))
        return self.known[oid]

    def tree(self, oid):
        data, out = self.get(oid, "tree"), {}
        while data:
            head, rest = data.split(b"\0", 1)
            mode, name = head.split(b" ", 1)
            need(mode == b"100644", "a mode other than 100644")
            out[name.decode()], data = rest[:20].hex(), rest[20:]
        return out

    def blob(self, c, name):
        tree = self.tree(c.tree)
        need(list(tree) == [name], "the tree is not one %s" % name)
        blob = self.get(tree[name], "blob")
        need(len(blob) <= MIB and H(blob) == c.seg, "seg is not H of the blob")
        return blob


# ---- 5. roster ----

ITEM_LEN = {1: 19, 2: 81, 3: 64, 4: 344, 5: 89, 6: 17, 7: 80, 8: 97, 9: 17,
            10: 16, 12: 2, 13: 80, 14: 180}


class Roster:
    def __init__(self):
        self.members, self.epochs, self.hashes = {}, {}, [ZERO]
        self.project = self.paper = self.home = None
        self.held = []      # (seq, author, kind, body): one signature so far

    def coordinator(self, pk):
        for d, m in self.members.items():
            if m["pk"] == pk and m["status"] == "active" and m["caps"] & 2:
                return d
        return None

    def apply(self, c, blob, keys):
        r = Reader(blob)
        r.magic(b"KITROS")
        items = [self.item(r) for _ in range(r.num(2))]
        kinds = [k for k, _ in items]
        self.seq, self.signer = c.seq, self.coordinator(c.pk)
        if c.seq == 1:
            need(kinds[:4] == [1, 2, 3, 4], "the items of entry 1")
            need(items[1][1][16:48] == c.pk, "signed by its first member")
        else:
            need(not {1, 2} & set(kinds), "an item of entry 1")
            need(self.signer or kinds == [13], "signed by no coordinator")
        need(kinds.count(4) <= 1, "two epochs")
        for kind, body in items:
            self.take(c, kind, body)
        self.sealed(r, blob, keys)
        self.hashes.append(c.hash)

    @staticmethod
    def item(r):
        kind, body = r.num(1), r.take(r.num(4))
        need(len(body) == ITEM_LEN.get(kind, len(body)), "an item's length")
        return kind, body

    def sealed(self, r, blob, keys):
        at = r.at
        epoch, seed, size = r.num(4), r.take(24), r.num(4)
        head, box = blob[:r.at], r.take(size)
        r.end()
        if size == 0:
            need(epoch == 0 and seed == bytes(24), "an empty sealed part")
            return
        need(epoch in (max(self.epochs), max(self.epochs) - 1), "its epoch")
        if keys is None or (0, epoch) not in keys.secrets:
            return
        text = unbox(box, H(head), part_nonce(seed, 0), keys.ledger(epoch))
        r = Reader(unpack(text, 0, MIB))
        while r.at < len(r.data):
            need(self.item(r)[0] > 64, "a clear item in the sealed part")

    def fresh_key(self, pk):
        need(pk != ZERO and pk != self.paper and
             all(pk not in (m["pk"], m["once"]) for m in
                 self.members.values()), "a key that is used already")

    def add(self, device, **m):
        need(all(d[:4] != device[:4] for d in self.members),
             "two device ids that begin alike")
        need(m["caps"] < 4 and device != bytes(16), "caps or id")
        need(len(self.members) < 256, "too many members")
        m = dict({"pk": None, "once": None, "cut": None}, **m)
        self.members[device] = m

    def take(self, c, kind, body, approved=False):
        d, rest = body[:16], body[16:]
        m = self.members.get(d)
        twice = {5: lambda: rest[32] & 2,
                 9: lambda: m and (m["caps"] ^ rest[0]) & 2,
                 8: lambda: m and m["status"] == "active" and m["caps"] & 2,
                 10: lambda: self.home, 3: lambda: c.seq > 1}
        waits = not approved and kind in twice and bool(twice[kind]())
        if waits:
            self.held.append((self.seq, self.signer, kind, body))
        if kind == 1:
            self.project = d
        elif kind == 2:
            need(rest[64] & 2, "the first member may not coordinate")
            self.add(d, status="active", caps=rest[64], pk=rest[:32])
        elif kind == 4:
            self.open_epoch(body)
        elif kind == 5 and approved:
            m["waits"] = False
        elif kind == 5:
            self.fresh_key(rest[:32])
            self.add(d, status="invited", once=rest[:32], caps=rest[32],
                     file=rest[41:73], waits=waits)
        elif kind in (6, 7):
            need(m and m["status"] == "invited", "no open invitation")
            m["status"] = "uninvited"
            if kind == 7:
                need(not m["waits"], "admitted before the second signature")
                self.fresh_key(rest[:32])
                m.update(status="active", pk=rest[:32], box=rest[32:])
        elif kind == 8:
            need(m and m["pk"], "a cut of no member")
        elif kind == 9:
            need(m and m["status"] == "active", "caps of no member")
        elif kind == 11:
            self.approve(body)
        elif kind == 13:
            self.recover(c, d, m, rest)
        if not waits:
            self.effect(kind, d, m, rest, body)

    def effect(self, kind, d, m, rest, body):
        if kind == 3:
            self.paper = body[:32]
        elif kind == 8:
            new = (int.from_bytes(rest[:8], "little"), rest[8:40],
                   int.from_bytes(rest[40:48], "little"))
            if m["cut"] is None or new[0] < m["cut"][0] or m["demoted"]:
                m["cut"] = new
            m["demoted"] = rest[80] == 2
            if not m["demoted"]:
                m["status"] = "cut"
        elif kind == 9:
            m["caps"] = rest[0]
        elif kind == 10:
            self.home = d

    def open_epoch(self, body):
        e, g = struct.unpack("<II", body[:8])
        last = max(self.epochs, default=0)
        g0 = self.epochs[last]["g"] if last else 0
        need(e == last + 1, "an epoch that does not follow")
        need(g == g0 + 1 or (last and g == g0), "a g that does not follow")
        self.epochs[e] = {"g": g, "tree": body[136:168],
                          "secrets": [body[8 + 32 * i:40 + 32 * i]
                                      for i in range(4)]}

    def approve(self, body):
        seq, of, how = (int.from_bytes(body[:8], "little"), body[8:40],
                        body[40])
        need(0 < seq < self.seq and self.hashes[seq] == of, "approves what?")
        mine = [h for h in self.held if h[0] == seq]
        need(mine, "nothing waits for it")
        if how == 2:
            need(len(body) == 105 and signed_by(
                self.paper, body[41:], b"kit-roster@v1", of), "paper key")
        else:
            need(how == 1 and len(body) == 41 and
                 self.signer not in (None, mine[0][1]), "the same signer")
        self.held = [h for h in self.held if h[0] != seq]
        for _, _, kind, held in mine:
            self.take(None, kind, held, approved=True)

    def recover(self, c, d, m, sig):
        need(m and m["status"] == "active", "a recovery of no member")
        need(c.pk in (self.paper, m["pk"]), "signed by another")
        need(signed_by(self.paper, sig, b"kit-roster@v1",
                       self.project + d + c.prev), "the paper key's word")
        m["caps"] = 3


def committed(keys, roster):
    """The secrets held are those that the roster committed to."""
    for (c, e), secret in keys.secrets.items():
        need(e in roster.epochs, "a secret of no epoch")
        need(H(b"kit1.com" + bytes([c]) + u32(e), secret) ==
             roster.epochs[e]["secrets"][c], "a secret not committed to")
    for t in keys.trees.values():
        if len(t.roots) == 1 and t.roots[0][0] == 0:
            want = {x["tree"] for x in roster.epochs.values()
                    if x["g"] == t.g}
            need(want == {H(b"kit1.com\xff" + u32(t.g), t.roots[0][2])},
                 "a tree not committed to")


# ---- 8. invitation ----

class Invitation:
    """Opened with its code: the key set that it hands over."""

    def __init__(self, data, code):
        r = Reader(data)
        r.magic(b"KITINV")
        self.project, self.genesis, self.device = (
            r.take(16), r.take(32), r.take(16))
        r.take(4 + 8)
        ops, mem, salt = r.num(4), r.num(4), r.take(16)
        coordinator, nonce, size = r.take(32), r.take(24), r.num(4)
        need(ops <= 10 and mem <= MIB, "Argon2id beyond its bounds")
        head, box = data[:r.at], r.take(size)
        body, sig = data[:r.at], r.take(64)
        r.end()
        need(signed_by(coordinator, sig, b"kit-invite@v1", body),
             "the coordinator's signature")
        key = sodium.crypto_pwhash_alg(
            32, code.encode(), salt, ops, mem << 10,
            sodium.crypto_pwhash_ALG_ARGON2ID13)
        self.read(Reader(unbox(box, head, nonce, key)))

    def read(self, r):
        most = len(r.data)
        self.once, self.name, self.title = (
            r.take(32), r.str(most), r.str(most))
        self.hubs = [(r.str(most), r.str(most)) for _ in range(r.uv(most))]
        self.pins = [(r.str(most), r.uv(2**31 - 1), r.take(32))
                     for _ in range(r.uv(512))]
        need(all(a[0] < b[0] for a, b in zip(self.pins, self.pins[1:])),
             "head pins by ref")
        need(all(p[1] > 0 for p in self.pins), "head pins from 1")
        self.roster = [(r.str(8192), r.str(MIB)) for _ in range(r.uv(most))]
        need(H(self.roster[0][0]) == self.genesis, "its genesis")
        self.keys = r.str(most)
        r.end()


# ---- a whole hub ----

class Hub:
    def __init__(self, git, genesis, keys):
        self.git, self.genesis, self.keys = git, genesis, keys
        self.refs = git.refs()
        self.states = [Roster()]        # after each entry
        self.chains = {}                # device: its commits
        self.id = None

    def chain(self, ref):
        """Oldest first; each follows the one before in every respect."""
        out, oid = [], self.refs[ref]
        while oid:
            out.append(self.git.commit(oid))
            oid = out[-1].parents[0] if out[-1].seq > 1 else None
        out.reverse()
        last = (0, ZERO, None, (0, ZERO))
        for c in out:
            need(c.ref == ref, "a commit of another ref")
            need((c.seq, c.prev) == (last[0] + 1, last[1]), "seq or prev")
            if ref != MAIN:
                need(c.parents == [p for p in [last[2]] if p], "parents")
            need(c.roster[0] >= last[3][0], "its roster goes back")
            self.context(c)
            last = (c.seq, c.hash, c.oid, c.roster)
        return out

    def context(self, c):
        first = c.ref == ROSTER and c.seq == 1
        need(c.genesis == (ZERO if first else self.genesis), "genesis")
        top = max((self.git.commit(p).generation for p in c.parents),
                  default=0)
        need(c.generation == top + 1, "its date")
        if c.ref == ROSTER:
            need(c.roster[0] == c.seq - 1, "quotes entry N-1")
        else:
            need(0 < c.roster[0] < len(self.states), "quotes no entry")
            need(self.states[-1].hashes[c.roster[0]] == c.roster[1],
                 "quotes another roster")

    def check_refs(self):
        for ref in self.refs:
            need(ref in (MAIN, ROSTER, HUB) or
                 re.fullmatch(DEVICE + "[0-9a-f]{32}", ref) or
                 re.fullmatch(KEYRING + "[1-9][0-9]*", ref),
                 "ref %s has no place in a hub" % ref)
        need(ROSTER in self.refs, "no roster")

    def check_roster(self):
        state, last, at = Roster(), ZERO, []
        oid = self.refs[ROSTER]
        while oid:
            at.append(oid)
            parents = self.git.commit(oid).parents
            oid = parents[0] if parents else None
        for n, oid in enumerate(reversed(at), 1):
            c = self.git.commit(oid)
            need(c.ref == ROSTER and c.seq == n and c.prev == last and
                 len(c.parents) == (n > 1), "entry %d does not follow" % n)
            need(n > 1 or c.hash == self.genesis, "another genesis")
            self.context(c)
            need(c.roster[1] == last, "quotes another entry")
            state.apply(c, self.git.blob(c, "roster.seg"), self.keys)
            self.states.append(copy.deepcopy(state))
            last = c.hash
        if self.keys:
            committed(self.keys, state)
        return "%d entries, %d members" % (len(at), len(state.members))

    def check_hub(self):
        c, = self.chain(HUB)
        r = Reader(self.git.blob(c, "hub.seg"))
        r.magic(b"KITHUB")
        self.id = r.take(16)
        need(r.take(16) == self.states[-1].project, "another project")
        r.end()
        need(any(m["pk"] == c.pk for m in self.states[-1].members.values()),
             "signed by no member")

    def check_keyring(self, ref):
        c = self.git.commit(self.refs[ref])
        need(c.ref == ref and c.prev == ZERO and not c.parents and
             c.seq == int(ref.rsplit("/", 1)[1]), "its number")
        self.context(c)
        need(self.states[c.roster[0]].coordinator(c.pk), "no coordinator")
        k = Keyring(self.git.blob(c, "keyring.seg"))
        need(k.n == c.seq, "its number")
        seq, of = k.roster                  # may be pushed before its entry
        hashes = self.states[-1].hashes
        need(0 < seq <= len(hashes), "a roster entry far ahead")
        need(seq == len(hashes) or hashes[seq] == of, "another roster")
        return "%d envelopes" % len(k.envelopes)

    def check_join(self, c, device, m):
        j = c.join
        need(j[:16] == self.states[-1].project and j[16:32] == device and
             j[32:64] == c.pk and j[96:128] == m["file"], "what J says")
        need(signed_by(m["once"], j[128:192], b"kit-join@v1", j[:128]) and
             signed_by(c.pk, j[192:], b"kit-join@v1", j[:128]),
             "J's signatures")
        need(m["pk"] is None or (m["pk"], m["box"]) == (j[32:64], j[64:96]),
             "admitted with other keys")

    def check_device(self, ref):
        device = bytes.fromhex(ref[len(DEVICE):])
        m = self.states[-1].members.get(device)
        need(m, "no member")
        commits = self.chain(ref)
        pk = m["pk"] or commits[0].pk       # pending: only J vouches
        if m["once"]:
            need(commits[0].join, "a joiner without join")
            self.check_join(commits[0], device, m)
        else:
            need(not commits[0].join, "join of who was not invited")
        opened = 0
        for c in commits:
            need(c.pk == pk, "commit %d: another key" % c.seq)
            opened += self.check_segment(c, device)
        self.chains[device] = commits
        beyond = m["cut"] and sum(c.seq > m["cut"][0] for c in commits)
        return "%d commits, %d changes%s%s" % (
            len(commits), opened, "" if m["pk"] else ", pending",
            ", %d after its cut" % beyond if beyond else "")

    def check_segment(self, c, device):
        g = Segment(self.git.blob(c, "%s.seg" % device.hex()))
        state = self.states[c.roster[0]]
        need((g.project, g.device, g.seq, g.prev) ==
             (state.project, device, c.seq, c.prev), "the segment's header")
        member = state.members.get(device, {"caps": 0})
        need(g.flags or member["caps"] & 1, "sealed without the right")
        need(g.flags or g.epoch in state.epochs, "an epoch of no roster")
        self.seen = getattr(self, "seen", []) + g.seen
        if self.keys is None or g.flags:
            return 0
        g.open(self.keys, state.epochs[g.epoch]["g"])
        return len(g.changes)

    def check_seen(self):
        for x in getattr(self, "seen", []):
            for d, commits in self.chains.items():
                if d.hex()[:8] != x["device"]:
                    continue
                if x["seq"] <= len(commits):
                    need(commits[x["seq"] - 1].hash[:16].hex() == x["hash"],
                         "%s was seen with another commit" % d.hex())
                else:
                    need(self.id is None or x["hub"] != self.id.hex(),
                         "%s was seen further" % d.hex())

    def check_main(self):
        accepted, last = {}, None
        commits = self.chain(MAIN)
        for c in commits:
            signer = self.states[c.roster[0]].coordinator(c.pk)
            need(signer, "main %d: signed by no coordinator" % c.seq)
            cut = self.states[-1].members[signer]["cut"]
            need(not cut or c.seq <= cut[2], "main %d: after a cut" % c.seq)
            parents = [last.oid] if last else []
            for d, seq, h in c.accepts:
                parents.append(self.accept(c, accepted, d, seq, h).oid)
            need(c.parents == parents, "main %d: parents" % c.seq)
            want = {"%s.seg" % d.hex(): self.git.tree(a.tree)[
                "%s.seg" % d.hex()] for d, a in accepted.items()}
            need(self.git.tree(c.tree) == want, "main %d: tree" % c.seq)
            last = c
        return "%d commits, %d devices" % (len(commits), len(accepted))

    def accept(self, c, accepted, d, seq, h):
        chain = self.chains.get(d, [])
        need(seq <= len(chain) and chain[seq - 1].hash == h,
             "main %d: accepts what is not there" % c.seq)
        need(d not in accepted or accepted[d].seq < seq,
             "main %d: accepts again" % c.seq)
        m = self.states[c.roster[0]].members[d]
        need(m["pk"] and (not m["cut"] or seq <= m["cut"][0]),
             "main %d: accepts a device beyond its rights" % c.seq)
        accepted[d] = chain[seq - 1]
        return accepted[d]

    def run(self, tap):
        tap.check("the hub has only refs that may be there", self.check_refs)
        tap.check("the roster holds from the genesis on", self.check_roster)
        if HUB in self.refs:
            tap.check("the hub says who it is", self.check_hub)
        for ref in sorted(self.refs):
            if ref.startswith(KEYRING):
                tap.check(ref, self.check_keyring, ref)
            if ref.startswith(DEVICE):
                tap.check(ref, self.check_device, ref)
        tap.check("what devices saw of others agrees", self.check_seen)
        if MAIN in self.refs:
            tap.check("main is what its accept lines make", self.check_main)
