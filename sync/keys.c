#include "sync/keys.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "sync/base/secret.h"
#include "sync/shelf.h"

#define SECRET_LEN (1 + 4 + WIRE_KEY_LEN)	/* one, encoded */

struct keys {
	struct shelf	secrets;	/* S */
	struct shelf	authors;	/* A of this device */
	struct tree	**trees;	/* strictly increasing by generation */
	size_t		ntrees;
};

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
	shelf_free(&k->secrets);
	shelf_free(&k->authors);
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
	const struct held_key *h = shelf_find(&k->secrets, (uint8_t)c, e);

	if (h != NULL)
		memcpy(out, h->key, WIRE_KEY_LEN);
	return h != NULL;
}

bool
keys_get_author(uint8_t out[WIRE_KEY_LEN], const struct keys *k,
    enum compartment c, uint32_t e)
{
	const struct held_key *h = shelf_find(&k->authors, (uint8_t)c, e);

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

void
keys_drop_epoch(struct keys *k, uint32_t e)
{
	shelf_drop(&k->secrets, e);
	shelf_drop(&k->authors, e);
}

void
keys_drop_tree(struct keys *k, uint32_t g)
{
	size_t kept = 0;

	for (size_t i = 0; i < k->ntrees; i++)
		if (tree_generation(k->trees[i]) == g)
			tree_free(k->trees[i]);
		else
			k->trees[kept++] = k->trees[i];
	k->ntrees = kept;
}

enum share
keys_share(enum role role, enum compartment c)
{
	if (role == ROLE_COORDINATOR || c == COMP_LEDGER)
		return SHARE_SECRET;
	if (role == ROLE_AUDITOR)
		return SHARE_NONE;
	if (c == COMP_TEAM)
		return SHARE_SECRET;
	return role == ROLE_ANALYST && c == COMP_IDENTITY ? SHARE_NONE :
	    SHARE_AUTHOR;
}

bool
keys_share_trees(enum role role)
{
	return role != ROLE_AUDITOR;
}

/* S, or only the device's own A of it, or nothing. */
static void
hand_over(struct keys *to, const struct held_key *h, enum share share,
    const struct id *device)
{
	enum compartment c = (enum compartment)h->comp;
	uint8_t *a;

	if (share == SHARE_SECRET)
		keys_put_secret(to, c, h->e, h->key);
	if (share != SHARE_AUTHOR)
		return;
	a = secret_new(WIRE_KEY_LEN);
	keys_author(a, h->key, device);
	keys_put_author(to, c, h->e, a);
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

/*
 * A coordinator's file holds a worker's secrets: the rest comes by envelope
 * once it is admitted.
 */
struct keys *
keys_for_role(const struct keys *k, enum role role, const struct id *device)
{
	struct keys *to = keys_new();

	if (role == ROLE_COORDINATOR)
		role = ROLE_WORKER;
	for (size_t i = 0; i < k->secrets.n; i++)
		hand_over(to, &k->secrets.at[i], keys_share(role,
		    (enum compartment)k->secrets.at[i].comp), device);
	for (size_t i = 0; keys_share_trees(role) && i < k->ntrees; i++)
		keys_put_tree(to, tree_copy(k->trees[i]));
	return to;
}

struct keys *
keys_reduced(const struct keys *k, enum role role, const struct id *self)
{
	struct keys *to = keys_for_role(k, role, self);

	for (size_t i = 0; i < k->authors.n; i++)
		if (keys_share(role, (enum compartment)
		    k->authors.at[i].comp) == SHARE_AUTHOR)
			shelf_put(&to->authors, k->authors.at[i].comp,
			    k->authors.at[i].e, k->authors.at[i].key);
	return to;
}

static void
take_shelf(struct shelf *to, struct shelf *from)
{
	for (size_t i = 0; i < from->n; i++)
		shelf_put(to, from->at[i].comp, from->at[i].e,
		    from->at[i].key);
	shelf_free(from);
}

/* A tree that is held may be punctured where from's is not: it stays. */
void
keys_take(struct keys *to, struct keys *from)
{
	take_shelf(&to->secrets, &from->secrets);
	take_shelf(&to->authors, &from->authors);
	for (size_t i = 0; i < from->ntrees; i++)
		if (keys_tree(to, tree_generation(from->trees[i])) == NULL)
			keys_put_tree(to, from->trees[i]);
		else
			tree_free(from->trees[i]);
	from->ntrees = 0;
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
	const struct held_key *h = shelf_find(&k->secrets, COMP_LEDGER, e);

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
	const struct held_key *h = shelf_find(&k->secrets, c, p->e);

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
		    (i > 0 && shelf_order(&s->at[i - 1], c, e) >= 0))
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
