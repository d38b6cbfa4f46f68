/*
 * letters -- a roster with epochs, the keys behind it, and people with box
 * keys; and envelopes put together item by item, as a forger would.
 */
#ifndef TESTS_UNIT_LETTERS_H
#define TESTS_UNIT_LETTERS_H

#include <sodium.h>

#include "sync/envelope.h"

struct someone {
	struct id	device;
	uint8_t		pk[32], sk[32];
};

struct office {
	struct roster	*r;
	struct keys	*keys;		/* all of them */
};

static inline struct someone
someone(uint8_t n)
{
	struct someone p;

	memset(p.device.b, n, WIRE_ID_LEN);
	crypto_box_keypair(p.pk, p.sk);
	return p;
}

/* The next epoch; of a new generation too, if g is above the last. */
static inline void
open_epoch(struct office *o, uint32_t g)
{
	struct roster *r = o->r;
	struct epoch e = { .e = (uint32_t)r->nepochs + 1, .g = g };
	uint8_t s[32];

	keys_draw_epoch(o->keys, e.e);
	if (keys_tree(o->keys, g) == NULL)
		keys_draw_tree(o->keys, g);
	for (int c = 0; c < COMP_COUNT; c++) {
		assert_true(keys_get_secret(s, o->keys, (enum compartment)c,
		    e.e));
		e.secret[c] = keys_commitment(s, (enum compartment)c, e.e);
	}
	e.tree = tree_commitment(keys_tree(o->keys, g));
	r->epochs = mem_grow(r->epochs, (r->nepochs + 1) * sizeof e);
	r->epochs[r->nepochs++] = e;
}

/* Three epochs, the last with a tree of its own; two roster entries. */
static inline struct office
office(void)
{
	struct office o = { roster_new(), keys_new() };

	o.r->entries = mem_new(2 * sizeof *o.r->entries);
	o.r->seq = 2;
	memset(&o.r->entries[0], 0xe1, 32);
	memset(&o.r->entries[1], 0xe2, 32);
	open_epoch(&o, 1);
	open_epoch(&o, 1);
	open_epoch(&o, 2);
	return o;
}

static inline void
office_close(struct office *o)
{
	roster_free(o->r);
	keys_free(o->keys);
}

/* One that never attested anything. */
static inline struct recipient
newcomer(const struct someone *p, enum role role)
{
	struct recipient to = { .device = p->device, .role = role };

	memcpy(to.box_pk, p->pk, 32);
	return to;
}

static inline struct envelope_plan
plan_of(const struct office *o, const struct recipient *to, size_t n)
{
	struct envelope_plan p = { { 5, 2, { { 0 } } }, o->r, to, n };

	p.head.roster_hash = o->r->entries[1];
	return p;
}

static inline struct buf
made(const struct office *o, const struct recipient *to, size_t n)
{
	struct envelope_plan p = plan_of(o, to, n);
	struct buf b = BUF_EMPTY;

	assert_ok(envelope_make(&b, &p, o->keys));
	return b;
}

static inline struct envelope_reader
reader_for(const struct office *o, const struct someone *p)
{
	struct envelope_reader rd = { .self = p->device, .nboxes = 1,
	    .roster = o->r, .n = 5 };

	memcpy(rd.boxes[0].pk, p->pk, 32);
	rd.boxes[0].sk = p->sk;
	return rd;
}

/* Opened as p would; in an allocation of exactly its size. */
static inline fault
opened(struct keys *into, struct envelope_result *res, const struct office *o,
    const struct someone *p, struct bytes blob)
{
	struct envelope_reader rd = reader_for(o, p);
	uint8_t *at = test_cut(blob.at, blob.len);
	fault f = envelope_open(into, res, (struct bytes){ at, blob.len },
	    &rd);

	free(at);
	return f;
}

/* An envelope that a forger writes: its text and its shared boxes. */
struct forgery {
	struct buf	text;
	struct buf	box[4];
	size_t		nboxes;
};

static inline void
forge_secret(struct forgery *x, enum keyring_kind kind, uint8_t c, uint32_t e,
    const uint8_t key[32])
{
	struct keyring_item it = { kind, c, e, 0, key };

	keyring_put_item(&x->text, &it);
}

/* A tree item for g, whose box holds just these bytes. */
static inline void
forge_tree(struct forgery *x, uint32_t g, struct bytes state)
{
	static const uint8_t nonce[24], key[32] = { 0x6b };
	struct keyring_item it = { KEYRING_TREE, 0, g, (uint16_t)x->nboxes,
	    key };
	struct buf *b = &x->box[x->nboxes++];

	keyring_put_item(&x->text, &it);
	crypto_secretbox_easy(buf_room(b, state.len + 16), state.at,
	    state.len, nonce, key);
	b->len += state.len + 16;
}

static inline struct buf
forged(struct forgery *x, const struct office *o, const struct someone *p)
{
	struct keyring k = { .head = { 5, 2, o->r->entries[1] },
	    .nshared = x->nboxes, .nenvelopes = 1 };
	struct buf seal = BUF_EMPTY, b = BUF_EMPTY;

	assert_int_equal(crypto_box_seal(buf_room(&seal, x->text.len + 48),
	    x->text.at, x->text.len, p->pk), 0);
	seal.len = x->text.len + 48;
	for (size_t i = 0; i < x->nboxes; i++)
		k.shared[i] = buf_view(&x->box[i]);
	k.envelopes[0].device = p->device;
	keyring_box_name(k.envelopes[0].box_name, p->pk);
	k.envelopes[0].seal = buf_view(&seal);
	assert_ok(keyring_encode(&b, &k));
	buf_free(&seal);
	for (size_t i = 0; i < x->nboxes; i++)
		buf_free(&x->box[i]);
	buf_free(&x->text);
	*x = (struct forgery){ .nboxes = 0 };
	return b;
}

#endif
