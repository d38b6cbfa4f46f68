/*
 * First byte even: a keyring from a stranger, and whatever of it is ours
 * opened.  Odd: what lies in our envelope and in a shared box, as a
 * coordinator could have sealed it: a u16 length, the items, the tree state.
 * What is accepted is written back byte for byte, and what is refused leaves
 * the keys as they were.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "sync/base/secret.h"
#include "sync/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static const struct id self = { { 1 } };
static const uint8_t seed[32] = { 1 }, box_key[32] = { 2 };

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* Epochs 1 and 2 with trees 1 and 2, their secrets all 7 or 8. */
static struct roster *
some_roster(void)
{
	struct roster *r = roster_new();

	r->entries = mem_new(sizeof *r->entries);
	r->seq = 1;
	r->epochs = mem_new(2 * sizeof *r->epochs);
	r->nepochs = 2;
	for (uint32_t i = 0; i < 2; i++) {
		struct epoch *e = &r->epochs[i];
		uint8_t s[32] = { (uint8_t)(7 + i) };
		struct tree *t = tree_new(i + 1, s);

		e->e = e->g = i + 1;
		for (int c = 0; c < COMP_COUNT; c++)
			e->secret[c] = keys_commitment(s,
			    (enum compartment)c, e->e);
		e->tree = tree_commitment(t);
		tree_free(t);
	}
	return r;
}

static struct buf
all_of(const struct keys *k)
{
	struct buf b = BUF_EMPTY;

	keys_encode(&b, k);
	return b;
}

static void
check_open(const struct roster *r, struct bytes blob, uint64_t n)
{
	struct envelope_reader rd = { .self = self, .nboxes = 1, .roster = r,
	    .n = n };
	struct envelope_result res = { .found = ENVELOPE_NONE };
	struct keys *k = keys_new();
	struct buf before = all_of(k), after;
	uint8_t sk[32];
	fault f;

	crypto_box_seed_keypair(rd.boxes[0].pk, sk, seed);
	rd.boxes[0].sk = sk;
	f = envelope_open(k, &res, blob, &rd);
	after = all_of(k);
	must((f == NULL && res.found == ENVELOPE_OPENED) ||
	    bytes_eq(buf_view(&before), buf_view(&after)));
	buf_wipe(&before);
	buf_wipe(&after);
	keys_free(k);
}

static void
check_blob(const struct roster *r, struct bytes blob)
{
	struct keyring k;
	struct buf again = BUF_EMPTY;

	if (keyring_decode(&k, blob) == NULL) {
		must(keyring_encode(&again, &k) == NULL);
		must(bytes_eq(buf_view(&again), blob));
		check_open(r, blob, k.head.n);
	}
	buf_free(&again);
}

static void
check_items(struct bytes text)
{
	struct reader r = reader_of(text);
	struct keyring_item it, last;
	struct buf again = BUF_EMPTY;

	for (size_t n = 0; reader_left(&r) > 0; n++) {
		it = keyring_get_item(&r, n == 0 ? NULL : &last, 1);
		if (reader_ok(&r))
			keyring_put_item(&again, &it);
		last = it;
	}
	if (reader_whole(&r))
		must(bytes_eq(buf_view(&again), text));
	buf_free(&again);
}

/* Sealed to us, beside one box with this tree state. */
static void
check_inside(const struct roster *r, struct bytes text, struct bytes state)
{
	static const uint8_t nonce[24];
	struct keyring k = { .head = { 1, 1, { { 0 } } }, .nshared = 1,
	    .nenvelopes = 1 };
	struct buf seal = BUF_EMPTY, box = BUF_EMPTY, blob = BUF_EMPTY;
	uint8_t pk[32], sk[32];

	crypto_box_seed_keypair(pk, sk, seed);
	crypto_box_seal(buf_room(&seal, text.len + 48), text.at, text.len, pk);
	seal.len = text.len + 48;
	crypto_secretbox_easy(buf_room(&box, state.len + 16), state.at,
	    state.len, nonce, box_key);
	box.len = state.len + 16;
	k.shared[0] = buf_view(&box);
	k.envelopes[0].device = self;
	keyring_box_name(k.envelopes[0].box_name, pk);
	k.envelopes[0].seal = buf_view(&seal);
	must(keyring_encode(&blob, &k) == NULL);
	check_open(r, buf_view(&blob), 1);
	buf_free(&seal);
	buf_free(&box);
	buf_free(&blob);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	static struct roster *r;
	struct reader in = reader_of((struct bytes){ at, n });
	bool inside = get_u8(&in) % 2 != 0;
	struct bytes text;

	if (r == NULL) {
		must(secret_start() == NULL);
		r = some_roster();
	}
	if (!inside) {
		check_blob(r, get_bytes(&in, reader_left(&in)));
		return 0;
	}
	text = get_bytes(&in, get_u16(&in));
	check_items(text);
	if (reader_ok(&in))
		check_inside(r, text, get_bytes(&in, reader_left(&in)));
	return 0;
}
