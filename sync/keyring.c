#include "sync/keyring.h"

#include <string.h>

#include <sodium.h>

#define MAGIC "KITRNG"
#define ITEM_MIN	38u	/* a secret, the shortest item */
#define ITEM_LONGEST	39u	/* a tree */
#define TREE_MIN	8u	/* the state of a tree without any root */
#define TREE_ROOT	40u

void
keyring_box_name(uint8_t to[BOX_NAME_LEN], const uint8_t box_pk[32])
{
	struct hash h = hash_of((struct bytes){ box_pk, 32 });

	memcpy(to, h.b, BOX_NAME_LEN);
}

const struct keyring_envelope *
keyring_for(const struct keyring *k, const struct id *device)
{
	for (size_t i = 0; i < k->nenvelopes; i++)
		if (id_eq(&k->envelopes[i].device, device))
			return &k->envelopes[i];
	return NULL;
}

/*
 * offset
 *  0  KITRNG, version u16
 *  8  n u64, roster seq u64, roster hash 32
 * 56  shared boxes u16, then each: length u32, box
 *  .  envelopes u16, then each: device id 16, box key name 8, length u32, seal
 */
fault
keyring_encode(struct buf *blob, const struct keyring *k)
{
	size_t len = 60;

	for (size_t i = 0; i < k->nshared; i++)
		len += 4 + k->shared[i].len;
	for (size_t i = 0; i < k->nenvelopes; i++)
		len += 28 + k->envelopes[i].seal.len;
	if (len > WIRE_KEYRING_MAX)
		return fault_new(FAULT_INVALID, "a keyring would have %zu "
		    "bytes, more than may be; nothing was written", len);
	buf_room(blob, len);
	buf_text(blob, MAGIC);
	put_u16(blob, WIRE_FORMAT);
	put_u64(blob, k->head.n);
	put_u64(blob, k->head.roster_seq);
	buf_add(blob, k->head.roster_hash.b, WIRE_HASH_LEN);
	put_u16(blob, (uint16_t)k->nshared);
	for (size_t i = 0; i < k->nshared; i++) {
		put_u32(blob, (uint32_t)k->shared[i].len);
		buf_add_bytes(blob, k->shared[i]);
	}
	put_u16(blob, (uint16_t)k->nenvelopes);
	for (size_t i = 0; i < k->nenvelopes; i++) {
		buf_add(blob, k->envelopes[i].device.b, WIRE_ID_LEN);
		buf_add(blob, k->envelopes[i].box_name, BOX_NAME_LEN);
		put_u32(blob, (uint32_t)k->envelopes[i].seal.len);
		buf_add_bytes(blob, k->envelopes[i].seal);
	}
	return NULL;
}

static void
get_head(struct reader *r, struct keyring_head *h)
{
	h->n = get_u64(r);
	h->roster_seq = get_u64(r);
	get_copy(r, h->roster_hash.b, WIRE_HASH_LEN);
	if (h->n == 0 || h->n > WIRE_SEQ_MAX || h->roster_seq == 0 ||
	    h->roster_seq > WIRE_SEQ_MAX)
		reader_spoil(r);
}

/* The box around a tree state, and around nothing else. */
static void
get_shared(struct reader *r, struct keyring *k)
{
	size_t n = get_u16(r), least = crypto_secretbox_MACBYTES + TREE_MIN;

	if (n > KEYRING_SHARED_MAX)
		reader_spoil(r);
	for (size_t i = 0; i < n && reader_ok(r); i++) {
		struct bytes box = get_bytes(r, get_u32(r));

		if (box.len < least || (box.len - least) % TREE_ROOT != 0)
			reader_spoil(r);
		k->shared[k->nshared++] = box;
	}
}

/* Behind last, the envelope before it (NULL: the first). */
static void
get_envelope(struct reader *r, struct keyring_envelope *v,
    const struct keyring_envelope *last)
{
	get_copy(r, v->device.b, WIRE_ID_LEN);
	get_copy(r, v->box_name, BOX_NAME_LEN);
	v->seal = get_bytes(r, get_u32(r));
	if (id_zero(&v->device) ||
	    (last != NULL && id_cmp(&last->device, &v->device) >= 0) ||
	    v->seal.len < crypto_box_SEALBYTES + ITEM_MIN ||
	    v->seal.len > crypto_box_SEALBYTES +
	    KEYRING_ITEMS_MAX * ITEM_LONGEST)
		reader_spoil(r);
}

static void
get_envelopes(struct reader *r, struct keyring *k)
{
	size_t n = get_u16(r);

	if (n > KEYRING_ENVELOPES_MAX)
		reader_spoil(r);
	for (size_t i = 0; i < n && reader_ok(r); i++) {
		get_envelope(r, &k->envelopes[i],
		    i == 0 ? NULL : &k->envelopes[i - 1]);
		k->nenvelopes++;
	}
}

fault
keyring_decode(struct keyring *out, struct bytes blob)
{
	struct reader r = reader_of(blob);
	struct bytes magic = get_bytes(&r, 6);
	uint16_t version = get_u16(&r);
	struct keyring k = { .nshared = 0 };

	if (blob.len > WIRE_KEYRING_MAX || !bytes_is(magic, MAGIC))
		return fault_new(FAULT_FORMAT, "not a keyring");
	if (version != WIRE_FORMAT)
		return fault_new(FAULT_FORMAT, "a keyring of format %u: this "
		    "program knows %u; nothing was changed; install a newer "
		    "version", version, WIRE_FORMAT);
	get_head(&r, &k.head);
	get_shared(&r, &k);
	get_envelopes(&r, &k);
	if (!reader_whole(&r))
		return fault_new(FAULT_FORMAT, "not a whole keyring");
	*out = k;
	return NULL;
}

size_t
keyring_item_size(enum keyring_kind kind)
{
	return kind == KEYRING_TREE ? ITEM_LONGEST : ITEM_MIN;
}

void
keyring_put_item(struct buf *b, const struct keyring_item *it)
{
	put_u8(b, (uint8_t)it->kind);
	if (it->kind != KEYRING_TREE)
		put_u8(b, it->c);
	put_u32(b, it->e);
	if (it->kind == KEYRING_TREE)
		put_u16(b, it->shared);
	buf_add(b, it->key, WIRE_KEY_LEN);
}

static bool
stands_behind(const struct keyring_item *it, const struct keyring_item *last)
{
	if (it->kind != last->kind)
		return it->kind > last->kind;
	if (it->c != last->c)
		return it->c > last->c;
	return it->e > last->e;
}

struct keyring_item
keyring_get_item(struct reader *r, const struct keyring_item *last,
    size_t nshared)
{
	uint8_t kind = get_u8(r);
	struct keyring_item it = { .kind = (enum keyring_kind)kind };

	if (kind < KEYRING_SECRET || kind > KEYRING_TREE)
		reader_spoil(r);
	if (kind != KEYRING_TREE)
		it.c = get_u8(r);
	it.e = get_u32(r);
	if (kind == KEYRING_TREE)
		it.shared = get_u16(r);
	it.key = get_bytes(r, WIRE_KEY_LEN).at;
	if (it.e == 0 || it.c >= COMP_COUNT ||
	    (kind == KEYRING_AUTHOR && it.c < COMP_IDENTITY) ||
	    (kind == KEYRING_TREE && it.shared >= nshared) ||
	    (last != NULL && !stands_behind(&it, last)))
		reader_spoil(r);
	return it;
}
