#include "sync/keys.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "sync/base/secret.h"

#define SECRET_LEN (1 + 4 + WIRE_KEY_LEN)	/* one, encoded */

struct held {
	uint32_t	e;
	uint8_t		comp;
	uint8_t		key[WIRE_KEY_LEN];
};

/* Strictly increasing by compartment, then epoch; in one secret block. */
struct shelf {
	struct held	*at;
	size_t		n, room;
};

struct keys {
	struct shelf	secrets;	/* S */
	struct shelf	authors;	/* A of this device */
	struct tree	**trees;	/* strictly increasing by generation */
	size_t		ntrees;
};

static int
held_order(const struct held *h, uint8_t comp, uint32_t e)
{
	if (h->comp != comp)
		return h->comp < comp ? -1 : 1;
	return h->e < e ? -1 : h->e > e;
}

/* Where (comp, e) stands, or would stand. */
static size_t
shelf_place(const struct shelf *s, uint8_t comp, uint32_t e)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (held_order(&s->at[mid], comp, e) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static const struct held *
shelf_find(const struct shelf *s, uint8_t comp, uint32_t e)
{
	size_t i = shelf_place(s, comp, e);

	if (i == s->n || held_order(&s->at[i], comp, e) != 0)
		return NULL;
	return &s->at[i];
}

static void
shelf_grow(struct shelf *s)
{
	size_t room = s->room == 0 ? 8 : s->room * 2;
	struct held *at = secret_new(room * sizeof *at);

	if (s->n > 0)
		memcpy(at, s->at, s->n * sizeof *at);
	secret_free(s->at, s->room * sizeof *at);
	s->at = at;
	s->room = room;
}

static void
shelf_put(struct shelf *s, uint8_t comp, uint32_t e, const uint8_t *key)
{
	size_t i = shelf_place(s, comp, e);

	if (i < s->n && held_order(&s->at[i], comp, e) == 0) {
		memcpy(s->at[i].key, key, WIRE_KEY_LEN);
		return;
	}
	if (s->n == s->room)
		shelf_grow(s);
	memmove(s->at + i + 1, s->at + i, (s->n - i) * sizeof *s->at);
	s->at[i].comp = comp;
	s->at[i].e = e;
	memcpy(s->at[i].key, key, WIRE_KEY_LEN);
	s->n++;
}

struct keys *
keys_new(void)
{
	return mem_new(sizeof(struct keys));
}

void
keys_free(struct keys *k)
{
	if (k == NULL)
		return;
	secret_free(k->secrets.at, k->secrets.room * sizeof(struct held));
	secret_free(k->authors.at, k->authors.room * sizeof(struct held));
	for (size_t i = 0; i < k->ntrees; i++)
		tree_free(k->trees[i]);
	free(k->trees);
	free(k);
}

void
keys_put_secret(struct keys *k, enum compartment c, uint32_t e,
    const uint8_t secret[WIRE_KEY_LEN])
{
	shelf_put(&k->secrets, (uint8_t)c, e, secret);
}

void
keys_put_author(struct keys *k, enum compartment c, uint32_t e,
    const uint8_t author[WIRE_KEY_LEN])
{
	shelf_put(&k->authors, (uint8_t)c, e, author);
}

void
keys_put_tree(struct keys *k, struct tree *t)
{
	uint32_t g = tree_generation(t);
	size_t i = 0;

	while (i < k->ntrees && tree_generation(k->trees[i]) < g)
		i++;
	if (i < k->ntrees && tree_generation(k->trees[i]) == g) {
		tree_free(k->trees[i]);
		k->trees[i] = t;
		return;
	}
	k->trees = mem_grow(k->trees, (k->ntrees + 1) * sizeof *k->trees);
	memmove(k->trees + i + 1, k->trees + i,
	    (k->ntrees - i) * sizeof *k->trees);
	k->trees[i] = t;
	k->ntrees++;
}

bool
keys_has_secret(const struct keys *k, enum compartment c, uint32_t e)
{
	return shelf_find(&k->secrets, (uint8_t)c, e) != NULL;
}

bool
keys_get_secret(uint8_t out[WIRE_KEY_LEN], const struct keys *k,
    enum compartment c, uint32_t e)
{
	const struct held *h = shelf_find(&k->secrets, (uint8_t)c, e);

	if (h != NULL)
		memcpy(out, h->key, WIRE_KEY_LEN);
	return h != NULL;
}

struct tree *
keys_tree(const struct keys *k, uint32_t g)
{
	for (size_t i = 0; i < k->ntrees; i++)
		if (tree_generation(k->trees[i]) == g)
			return k->trees[i];
	return NULL;
}

void
keys_draw_epoch(struct keys *k, uint32_t e)
{
	uint8_t *s = secret_new(WIRE_KEY_LEN);

	for (int c = COMP_LEDGER; c < COMP_COUNT; c++) {
		random_fill(s, WIRE_KEY_LEN);
		keys_put_secret(k, (enum compartment)c, e, s);
	}
	secret_free(s, WIRE_KEY_LEN);
}

void
keys_draw_tree(struct keys *k, uint32_t g)
{
	uint8_t *root = secret_new(WIRE_KEY_LEN);

	random_fill(root, WIRE_KEY_LEN);
	keys_put_tree(k, tree_new(g, root));
	secret_free(root, WIRE_KEY_LEN);
}

/*
 * S, or only the device's own A of it, or nothing.  A coordinator's file
 * holds a worker's secrets: the rest comes by envelope once it is admitted.
 */
static void
hand_over(struct keys *to, const struct held *h, enum role role,
    const struct id *device)
{
	uint8_t *a;

	if (h->comp == COMP_LEDGER ||
	    (h->comp == COMP_TEAM && role != ROLE_AUDITOR)) {
		keys_put_secret(to, (enum compartment)h->comp, h->e, h->key);
		return;
	}
	if (role == ROLE_AUDITOR ||
	    (role == ROLE_ANALYST && h->comp == COMP_IDENTITY))
		return;
	a = secret_new(WIRE_KEY_LEN);
	keys_author(a, h->key, device);
	keys_put_author(to, (enum compartment)h->comp, h->e, a);
	secret_free(a, WIRE_KEY_LEN);
}

static struct tree *
tree_copy(const struct tree *t)
{
	struct buf b = BUF_EMPTY;
	struct tree *copy = NULL;
	struct reader r;

	tree_encode(&b, t);
	r = reader_of(buf_view(&b));
	if (tree_decode(&copy, &r) != NULL)
		abort();	/* what we wrote a moment ago */
	buf_wipe(&b);
	return copy;
}

struct keys *
keys_for_role(const struct keys *k, enum role role, const struct id *device)
{
	struct keys *to = keys_new();

	for (size_t i = 0; i < k->secrets.n; i++)
		hand_over(to, &k->secrets.at[i], role, device);
	for (size_t i = 0; role != ROLE_AUDITOR && i < k->ntrees; i++)
		keys_put_tree(to, tree_copy(k->trees[i]));
	return to;
}

struct hash
keys_commitment(const uint8_t secret[WIRE_KEY_LEN], enum compartment c,
    uint32_t e)
{
	struct buf b = BUF_EMPTY;
	struct hash h;

	buf_add(&b, "kit1.com", 8);
	put_u8(&b, (uint8_t)c);
	put_u32(&b, e);
	crypto_generichash(h.b, sizeof h.b, b.at, b.len, secret, WIRE_KEY_LEN);
	buf_free(&b);
	return h;
}

void
keys_author(uint8_t out[WIRE_KEY_LEN], const uint8_t s[WIRE_KEY_LEN],
    const struct id *device)
{
	uint8_t in[8 + WIRE_ID_LEN] = "kit1.aut";

	memcpy(in + 8, device->b, WIRE_ID_LEN);
	crypto_generichash(out, WIRE_KEY_LEN, in, sizeof in, s, WIRE_KEY_LEN);
}

fault
keys_ledger(uint8_t out[WIRE_KEY_LEN], const struct keys *k, uint32_t e)
{
	const struct held *h = shelf_find(&k->secrets, COMP_LEDGER, e);

	if (h == NULL)
		return fault_new(FAULT_LOCKED, "the secret of the ledger of "
		    "epoch %u is not on this device; nothing was lost; it "
		    "comes with the next sync after a coordinator's", e);
	crypto_generichash(out, WIRE_KEY_LEN, (const uint8_t *)"kit1.led", 8,
	    h->key, WIRE_KEY_LEN);
	return NULL;
}

/* A of the place.  False if neither S nor our own A is held. */
static bool
author_of(uint8_t a[WIRE_KEY_LEN], const struct keys *k,
    const struct entry_place *p)
{
	uint8_t c = (uint8_t)p->comp;
	const struct held *h = shelf_find(&k->secrets, c, p->e);

	if (h != NULL && p->comp == COMP_TEAM) {
		memcpy(a, h->key, WIRE_KEY_LEN);
		return true;
	}
	if (h != NULL) {
		keys_author(a, h->key, &p->sealer);
		return true;
	}
	if (!id_eq(&p->sealer, &p->self) ||
	    (h = shelf_find(&k->authors, c, p->e)) == NULL)
		return false;
	memcpy(a, h->key, WIRE_KEY_LEN);
	return true;
}

/* "kit1.rec" ‖ g ‖ c ‖ e ‖ A, under the leaf. */
static void
mix(uint8_t out[WIRE_KEY_LEN], const uint8_t leaf[WIRE_KEY_LEN],
    const struct entry_place *p, const uint8_t a[WIRE_KEY_LEN])
{
	uint8_t in[8 + 4 + 1 + 4 + WIRE_KEY_LEN] = "kit1.rec";

	for (int i = 0; i < 4; i++) {
		in[8 + i] = (uint8_t)(p->g >> (8 * i));
		in[13 + i] = (uint8_t)(p->e >> (8 * i));
	}
	in[12] = (uint8_t)p->comp;
	memcpy(in + 17, a, WIRE_KEY_LEN);
	crypto_generichash(out, WIRE_KEY_LEN, in, sizeof in, leaf,
	    WIRE_KEY_LEN);
	sodium_memzero(in, sizeof in);
}

/* An erased record is told apart from a key that is missing, so leaf first. */
fault
keys_entry(uint8_t out[WIRE_KEY_LEN], struct keys *k,
    const struct entry_place *p)
{
	struct tree *t = keys_tree(k, p->g);
	uint8_t a[WIRE_KEY_LEN], leaf[WIRE_KEY_LEN];

	if (t != NULL && !tree_has(t, &p->index))
		return fault_new(FAULT_ERASED, "the record was erased");
	if (t == NULL || !author_of(a, k, p))
		return fault_new(FAULT_LOCKED, "the key of compartment %d in "
		    "epoch %u is not on this device", (int)p->comp, p->e);
	(void)tree_leaf(leaf, t, &p->index);
	mix(out, leaf, p, a);
	sodium_memzero(a, sizeof a);
	sodium_memzero(leaf, sizeof leaf);
	return NULL;
}

static void
put_shelf(struct buf *out, const struct shelf *s)
{
	put_u16(out, (uint16_t)s->n);
	for (size_t i = 0; i < s->n; i++) {
		put_u8(out, s->at[i].comp);
		put_u32(out, s->at[i].e);
		buf_add(out, s->at[i].key, WIRE_KEY_LEN);
	}
}

/* Room for all before the first secret: a move would leave a copy behind. */
void
keys_encode(struct buf *out, const struct keys *k)
{
	size_t len = 6 + (k->secrets.n + k->authors.n) * SECRET_LEN;

	for (size_t i = 0; i < k->ntrees; i++)
		len += tree_size(k->trees[i]);
	buf_room(out, len);
	put_shelf(out, &k->secrets);
	put_shelf(out, &k->authors);
	put_u16(out, (uint16_t)k->ntrees);
	for (size_t i = 0; i < k->ntrees; i++)
		tree_encode(out, k->trees[i]);
}

static void
get_shelf(struct reader *r, struct shelf *s, uint8_t least)
{
	size_t n = get_u16(r);
	uint8_t *key;

	if (n > reader_left(r) / SECRET_LEN)
		reader_spoil(r);
	key = secret_new(WIRE_KEY_LEN);
	for (size_t i = 0; i < n && reader_ok(r); i++) {
		uint8_t c = get_u8(r);
		uint32_t e = get_u32(r);

		get_copy(r, key, WIRE_KEY_LEN);
		if (c < least || c >= COMP_COUNT || e == 0 ||
		    (i > 0 && held_order(&s->at[i - 1], c, e) >= 0))
			reader_spoil(r);
		else if (reader_ok(r))
			shelf_put(s, c, e, key);
	}
	secret_free(key, WIRE_KEY_LEN);
}

static fault
get_trees(struct reader *r, struct keys *k)
{
	size_t n = get_u16(r);
	uint32_t last = 0;
	struct tree *t;
	fault f;

	for (size_t i = 0; i < n; i++) {
		if ((f = tree_decode(&t, r)) != NULL)
			return f;
		if (tree_generation(t) <= last)
			reader_spoil(r);
		last = tree_generation(t);
		keys_put_tree(k, t);
	}
	return NULL;
}

fault
keys_decode(struct keys **out, struct reader *r)
{
	struct keys *k = keys_new();
	fault f;

	get_shelf(r, &k->secrets, COMP_LEDGER);
	get_shelf(r, &k->authors, COMP_IDENTITY);
	f = get_trees(r, k);
	if (f == NULL && !reader_ok(r))
		f = fault_new(FAULT_FORMAT, "not a set of keys");
	if (f != NULL) {
		keys_free(k);
		return f;
	}
	*out = k;
	return NULL;
}
