"""verify_segment -- change, key schedule and segment, from WIRE.md 0 to 3.

Part of verify.py: written from the page alone.
"""
import hashlib
import os
import struct

import nacl.bindings as sodium
import zstandard

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
MIB = 1 << 20
ZERO = bytes(32)
TEAM, IDENTITY = 1, 2


class Refused(Exception):
    pass


class Locked(Exception):
    pass


class Erased(Exception):
    pass


def need(true, what):
    if not true:
        raise Refused(what)


# ---- 0. conventions ----

def H(data, key=b"", size=32):
    return hashlib.blake2b(data, key=key, digest_size=size).digest()


def u32(n):
    return struct.pack("<I", n)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        need(self.at + n <= len(self.data), "cut short")
        self.at += n
        return self.data[self.at - n:self.at]

    def num(self, size):
        return int.from_bytes(self.take(size), "little")

    def uv(self, most, least=0):
        n = shift = 0
        while True:
            b = self.num(1)
            n |= (b & 127) << shift
            shift += 7
            if b < 128:
                break
            need(shift < 70, "a number longer than 10 bytes")
        need(b or shift == 7, "a number not in its shortest form")
        need(least <= n <= most, "a number out of bounds")
        return n

    def str(self, most, least=0):
        return self.take(self.uv(most, least))

    def magic(self, letters):
        need(self.take(6) == letters, "not " + letters.decode())
        need(self.num(2) == 0, "a version above 0")

    def end(self):
        need(self.at == len(self.data), "trailing bytes")


def rising(items, what):
    need(all(a < b for a, b in zip(items, items[1:])), what + " out of order")


# ---- 1. change ----

def read_ledger_form(r):
    c = {"n": r.uv(2**32 - 1, 1), "record": r.take(16).hex(),
         "creator": r.take(16).hex(), "index": r.uv(2**24 - 1, 1),
         "type": r.str(64, 1).decode(), "clock": r.num(8), "fields": []}
    for _ in range(r.uv(256, 1)):
        f = {"name": r.str(64, 1), "compartment": r.num(1)}
        need(1 <= f["compartment"] <= 3, "a field of no compartment")
        kind = r.num(1)
        need(kind <= 1, "a field of no kind")
        f["kind"] = ("value", "set")[kind]
        f["superseded"] = [[r.take(16).hex(), r.uv(2**32 - 1, 1)]
                           for _ in range(r.uv(4096))]
        if not kind:
            rising(f["superseded"], "superseded dots")
        f["withheld"] = True
        c["fields"].append(f)
    rising([f["name"] for f in c["fields"]], "fields")
    for f in c["fields"]:
        f["name"] = f["name"].decode()
    return c


def read_payload(c, comp, data):
    r = Reader(data)
    for f in c["fields"]:
        if f["compartment"] != comp:
            continue
        del f["withheld"]
        if f["kind"] == "value":
            f["value"] = r.str(128 << 10).decode()
            continue
        added = [r.str(128 << 10) for _ in range(r.uv(1024))]
        rising(added, "elements")
        gone = [r.str(128 << 10) for _ in f["superseded"]]
        rising(list(zip(gone, f["superseded"])), "removed elements")
        f["added"] = [e.decode() for e in added]
        f["removed"] = [e.decode() for e in gone]
    r.end()


# ---- 2. key schedule ----

class Tree:
    def __init__(self, r):
        self.g = r.num(4)
        need(self.g > 0, "a tree of generation 0")
        self.roots = []
        last = -1
        for _ in range(r.num(4)):
            depth, path = r.num(1), int.from_bytes(r.take(7), "big")
            need(depth <= 56, "a root below the leaves")
            below = (1 << 56 - depth) - 1
            need(path & below == 0 and path > last, "roots out of order")
            last = path | below
            self.roots.append((depth, path, r.take(32)))
        for a, b in zip(self.roots, self.roots[1:]):
            need(a[0] != b[0] or a[1] ^ b[1] != 1 << 56 - a[0],
                 "two halves of one subtree")

    @classmethod
    def of(cls, state, g):
        """The tree whose state is exactly these bytes, of generation g."""
        r = Reader(state)
        t = cls(r)
        r.end()
        need(t.g == g, "a tree of another generation")
        t.state = state
        return t

    def leaf(self, creator, n):
        path = int.from_bytes(creator[:4], "big") << 24 | n
        for depth, start, node in self.roots:
            if path >> 56 - depth == start >> 56 - depth:
                for level in range(depth + 1, 57):
                    b = path >> 56 - level & 1
                    node = H(b"kit1.ggm", node, 64)[32 * b:32 * b + 32]
                return node
        raise Erased()


class Keys:
    """A key set (section 8), and what section 2 makes of it."""

    def __init__(self, data, me=None):
        r = Reader(data)
        self.me = me
        self.secrets = self.held(r, 0)
        self.authors = self.held(r, IDENTITY)
        trees = [Tree(r) for _ in range(r.num(2))]
        rising([t.g for t in trees], "trees")
        self.trees = {t.g: t for t in trees}
        r.end()

    @staticmethod
    def held(r, least):
        held = [((r.num(1), r.num(4)), r.take(32)) for _ in range(r.num(2))]
        rising([place for place, _ in held], "secrets")
        need(all(least <= c <= 3 and e for (c, e), _ in held), "a secret "
             "of no compartment or epoch")
        return dict(held)

    def ledger(self, e):
        if (0, e) not in self.secrets:
            raise Locked()
        return H(b"kit1.led", self.secrets[0, e])

    def entry(self, g, c, e, sealer, creator, n):
        if g in self.trees:
            leaf = self.trees[g].leaf(creator, n)
        if (c, e) in self.secrets:
            a = self.secrets[c, e]
            if c != TEAM:
                a = H(b"kit1.aut" + sealer, a)
        elif sealer == self.me and (c, e) in self.authors:
            a = self.authors[c, e]
        else:
            raise Locked()
        if g not in self.trees:
            raise Locked()
        return H(b"kit1.rec" + u32(g) + bytes([c]) + u32(e) + a, leaf)


# ---- 3. segment ----

def padme(n):
    if n <= 512:
        return 512
    e = n.bit_length() - 1
    step = 1 << e - e.bit_length()
    return -(-n // step) * step


def unpack(frame, dictionary, most):
    """One zstd frame of the allowed kind."""
    need(len(frame) > 6 and frame[:4] == b"\x28\xb5\x2f\xfd", "no frame")
    need(frame[4] & 0x1f == 0, "a checksum, a dictionary id, reserved bits")
    p = zstandard.get_frame_parameters(frame)
    need(p.content_size != zstandard.CONTENTSIZE_UNKNOWN, "unknown size")
    need(p.content_size <= most, "a size above its bound")
    need(p.window_size <= 1 << 23 or frame[4] & 0x20, "too large a window")
    words = None
    if dictionary:
        with open("%s/schema/dict/%d.zdict" % (ROOT, dictionary), "rb") as f:
            words = zstandard.ZstdCompressionDict(f.read())
    one = zstandard.ZstdDecompressor(dict_data=words).decompressobj()
    text = one.decompress(frame)
    need(one.eof and not one.unused_data, "not exactly one frame")
    need(len(text) == p.content_size, "not of its declared size")
    return text


def unbox(sealed, ad, nonce, key):
    try:
        return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed, ad, nonce, key)
    except Exception:
        raise Refused("a box does not open")


def part_nonce(seed, i):
    return H(b"kit1.non" + u32(i), seed, 24)


def read_seen(r):
    seen = []
    hubs = []
    for _ in range(r.num(2)):
        hubs.append(r.take(16))
        some = [(r.take(4), r.num(4), r.take(16)) for _ in range(r.num(2))]
        need(some and all(s for _, s, _ in some), "an empty testimony")
        rising([d for d, _, _ in some], "devices seen")
        seen += [{"hub": hubs[-1].hex(), "device": d.hex(), "seq": s,
                  "hash": h.hex()} for d, s, h in some]
    rising(hubs, "hubs")
    return seen


class Segment:
    def __init__(self, blob):
        need(len(blob) <= MIB, "a segment above 1 MiB")
        r = Reader(blob)
        r.magic(b"KITSEG")
        self.blob = blob
        self.flags = r.num(4)
        self.project, self.device = r.take(16), r.take(16)
        self.seq, self.prev = r.num(8), r.take(32)
        self.epoch, self.dictionary, self.seed = r.num(4), r.num(4), r.take(24)
        self.seen = read_seen(r)
        self.h = r.at
        need(self.flags <= 1, "an unknown flag")
        need(0 < self.seq < 2**31, "a seq out of bounds")
        need((self.seq == 1) == (self.prev == ZERO), "prev and seq 1")
        if self.flags:
            need(self.epoch == self.dictionary == 0, "an announcement's epoch")
            need(len(blob) == padme(self.h), "an announcement's length")
        else:
            need(self.epoch > 0, "epoch 0")

    def part(self, i, c, record, at, size, key):
        need(size >= 16 and at + size <= len(self.blob), "a part too short")
        ad = H(self.blob[:self.h]) + u32(i) + bytes([c, 0, 0, 0]) + record
        return unbox(self.blob[at:at + size], ad, part_nonce(self.seed, i),
                     key)

    def open(self, keys, g):
        """Fill in receipts, changes; count what is closed or erased."""
        self.g, self.withheld, self.erased = g, 0, 0
        self.receipts, self.changes = [], []
        if self.flags:
            return
        key = keys.ledger(self.epoch)
        sizes = Reader(self.part(0, 0, bytes(16), self.h, 24, key))
        ledger, entries = sizes.num(4), sizes.num(4)
        at = self.h + 24
        need(len(self.blob) == padme(at + ledger + entries), "padding")
        text = unpack(self.part(1, 0, bytes(16), at, ledger, key),
                      self.dictionary, MIB)
        lengths = self.read_ledger(text)
        need(sum(n for _, _, n in lengths) == entries, "lengths")
        at += ledger
        for i, (c, change, size) in enumerate(lengths, 2):
            self.open_entry(keys, i, c, change, at, size)
            at += size

    def read_ledger(self, text):
        r = Reader(text)
        self.receipts = [[r.uv(2**31 - 1, 1), r.take(32).hex()]
                         for _ in range(r.uv(256))]
        rising([s for s, _ in self.receipts], "receipts")
        self.changes = [read_ledger_form(r) for _ in range(r.uv(MIB))]
        rising([c["n"] for c in self.changes], "changes")
        lengths = [(c, change, r.uv(MIB)) for c in (1, 2, 3)
                   for change in self.changes
                   if any(f["compartment"] == c for f in change["fields"])]
        r.end()
        return lengths

    def open_entry(self, keys, i, c, change, at, size):
        try:
            key = keys.entry(self.g, c, self.epoch, self.device,
                             bytes.fromhex(change["creator"]),
                             change["index"])
        except Locked:
            self.withheld += 1
            return
        except Erased:
            self.erased += 1
            return
        text = self.part(i, c, bytes.fromhex(change["record"]), at, size, key)
        if c != TEAM:
            r = Reader(text)
            frame = r.str(MIB)
            rest = text[r.at:]
            need(len(text) % 64 == 0 and len(rest) < 64 and
                 not any(rest), "padding of an entry")
            text = frame
        read_payload(change, c, unpack(text, self.dictionary, 256 << 10))

    def as_json(self, me):
        return {"g": self.g, "self": me.hex(), "receipts": self.receipts,
                "changes": self.changes, "withheld": self.withheld,
                "erased": self.erased,
                "head": {"flags": self.flags, "project": self.project.hex(),
                         "device": self.device.hex(), "seq": self.seq,
                         "prev": self.prev.hex(), "epoch": self.epoch,
                         "dictionary": self.dictionary,
                         "seed": self.seed.hex(), "seen": self.seen}}
