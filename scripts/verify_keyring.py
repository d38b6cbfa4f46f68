"""verify_keyring -- keyrings and envelopes, from WIRE.md 7.

Part of verify.py: written from the page alone.
"""
import nacl.bindings as sodium

from verify_segment import H, MIB, Reader, Refused, Tree, need, rising

SECRET, AUTHOR, TREE = 1, 2, 3


def item(r, shared):
    """(kind, c, e or g), and what the item brings."""
    kind = r.num(1)
    need(SECRET <= kind <= TREE, "an item of no kind")
    if kind == TREE:
        g, box, key = r.num(4), r.num(2), r.take(32)
        need(g and box < len(shared), "a tree without a box")
        return (kind, 0, g), Tree.of(unbox(shared[box], key), g)
    c, e, key = r.num(1), r.num(4), r.take(32)
    need(e and c <= 3 and (kind == SECRET or c >= 2), "a secret of no place")
    return (kind, c, e), key


def unbox(box, key):
    try:
        return sodium.crypto_secretbox_open(box, bytes(24), key)
    except Exception:
        raise Refused("a shared box does not open")


class Envelope:
    def __init__(self, r):
        self.device, self.name = r.take(16), r.take(8)
        self.seal = r.take(r.num(4))
        need(48 + 38 <= len(self.seal) <= 48 + 4096 * 39, "no envelope's size")


class Keyring:
    def __init__(self, blob):
        need(len(blob) <= 8 * MIB, "a keyring above 8 MiB")
        r = Reader(blob)
        r.magic(b"KITRNG")
        self.n, self.roster = r.num(8), (r.num(8), r.take(32))
        need(0 < self.n < 2**31 and 0 < self.roster[0] < 2**31, "a number "
             "out of bounds")
        self.shared = [r.take(r.num(4)) for _ in range(r.num(2))]
        need(len(self.shared) <= 64, "more than 64 shared boxes")
        need(all(len(b) >= 24 and len(b) % 40 == 24 for b in self.shared),
             "a shared box without a tree state")
        self.envelopes = [Envelope(r) for _ in range(r.num(2))]
        need(len(self.envelopes) <= 256, "more than 256 envelopes")
        rising([bytes(16)] + [v.device for v in self.envelopes], "envelopes")
        r.end()

    def open(self, device, secret):
        """{place: secret, A or tree} of the device with this box secret."""
        v, = [v for v in self.envelopes if v.device == device]
        public = sodium.crypto_scalarmult_base(secret)
        need(v.name == H(public)[:8], "sealed to another box key")
        try:
            text = sodium.crypto_box_seal_open(v.seal, public, secret)
        except Exception:
            raise Refused("an envelope does not open")
        r, items = Reader(text), []
        while r.at < len(text):
            items.append(item(r, self.shared))
        need(1 <= len(items) <= 4096, "a number of items")
        rising([place for place, _ in items], "items")
        return dict(items)


def key_set(items):
    """The key set (section 8) of an envelope's items."""
    out = b""
    for kind in (SECRET, AUTHOR, TREE):
        some = [(place, items[place]) for place in sorted(items)
                if place[0] == kind]
        out += len(some).to_bytes(2, "little")
        for (_, c, e), what in some:
            out += what.state if kind == TREE else \
                bytes([c]) + e.to_bytes(4, "little") + what
    return out
