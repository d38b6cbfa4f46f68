#include "sync/envelope.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "sync/base/secret.h"

/* ---- who holds and who lacks what ---- */

/* S[c][e], if it is held and is the one that the roster commits to. */
static bool
true_secret(uint8_t s[WIRE_KEY_LEN], const struct keys *k,
    const struct epoch *e, enum compartment c)
{
	struct hash h;

	if (!keys_get_secret(s, k, c, e->e))
		return false;
	h = keys_commitment(s, c, e->e);
	return hash_eq(&h, &e->secret[c]);
}

/* The same of a tree; one that is punctured can no longer be compared. */
static const struct tree *
true_tree(const struct keys *k, const struct epoch *e)
{
	const struct tree *t = keys_tree(k, e->g);
	struct hash h = { { 0 } };

	if (t != NULL)
		h = tree_commitment(t);
	return hash_zero(&h) || hash_eq(&h, &e->tree) ? t : NULL;
}

static bool
holds_share(const struct keys *k, const struct epoch *e, enum compartment c,
    enum share share)
{
	uint8_t *key = secret_new(WIRE_KEY_LEN);
	bool ok = share == SHARE_NONE || true_secret(key, k, e, c) ||
	    (share == SHARE_AUTHOR && keys_get_author(key, k, c, e->e));

	secret_free(key, WIRE_KEY_LEN);
	return ok;
}

uint32_t
envelope_complete(const struct keys *k, enum role role,
    const struct roster *r)
{
	for (size_t i = 0; i < r->nepochs; i++) {
		const struct epoch *e = &r->epochs[i];

		for (int c = COMP_LEDGER; c < COMP_COUNT; c++)
			if (!holds_share(k, e, (enum compartment)c,
			    keys_share(role, (enum compartment)c)))
				return (uint32_t)i;
		if (keys_share_trees(role) && true_tree(k, e) == NULL)
			return (uint32_t)i;
	}
	return (uint32_t)r->nepochs;
}

/* A statement about an epoch that is not there says nothing. */
static uint32_t
attested(const struct recipient *to, const struct roster *r)
{
	return to->had_epoch <= r->nepochs ? to->had_epoch : 0;
}

static enum share
lacks_share(const struct recipient *to, const struct roster *r, uint32_t e,
    enum compartment c)
{
	enum share now = keys_share(to->role, c);

	if (e <= attested(to, r) && keys_share(to->had_role, c) >= now)
		return SHARE_NONE;
	return now;
}

/* Does epoch e name a tree that to lacks and that no epoch before it names? */
static bool
lacks_tree(const struct recipient *to, const struct roster *r, uint32_t e)
{
	const struct epoch *before = roster_epoch_of(r, e - 1);

	if (!keys_share_trees(to->role) ||
	    (before != NULL && before->g == r->epochs[e - 1].g))
		return false;
	return e > attested(to, r) || !keys_share_trees(to->had_role);
}

/* How many items epoch e brings. */
static size_t
lacks_of(const struct recipient *to, const struct roster *r, uint32_t e)
{
	size_t n = lacks_tree(to, r, e);

	for (int c = COMP_LEDGER; c < COMP_COUNT; c++)
		n += lacks_share(to, r, e, (enum compartment)c) != SHARE_NONE;
	return n;
}

bool
envelope_lacks(const struct recipient *to, const struct roster *r)
{
	for (uint32_t e = 1; e <= r->nepochs; e++)
		if (lacks_of(to, r, e) > 0)
			return true;
	return false;
}

/* ---- making ---- */

struct letter {
	const struct recipient *to;
	uint32_t	last;		/* epoch; what fits stands up to it */
	size_t		nitems;
	struct buf	seal;
};

struct making {
	const struct envelope_plan *plan;
	const struct roster *r;
	const struct keys *keys;
	struct letter	letters[KEYRING_ENVELOPES_MAX];
	size_t		n;
	uint32_t	tree_epoch[KEYRING_SHARED_MAX];	/* the first with g */
	struct buf	tree_box[KEYRING_SHARED_MAX];
	uint8_t		(*tree_key)[WIRE_KEY_LEN];	/* locked memory */
	size_t		ntrees;
};

static int
by_device(const void *a, const void *b)
{
	const struct letter *x = a, *y = b;

	return id_cmp(&x->to->device, &y->to->device);
}

/* As many epochs as an envelope may hold, the oldest first. */
static struct letter
letter_to(const struct recipient *to, const struct roster *r)
{
	struct letter l = { .to = to };

	for (; l.last < r->nepochs; l.last++) {
		size_t more = lacks_of(to, r, l.last + 1);

		if (l.nitems + more > KEYRING_ITEMS_MAX)
			break;
		l.nitems += more;
	}
	return l;
}

/* An envelope for each that lacks something. */
static fault
address(struct making *m)
{
	char hex[ID_HEX];

	for (size_t i = 0; i < m->plan->nto; i++) {
		const struct recipient *to = &m->plan->to[i];

		if (to->role < ROLE_COORDINATOR || to->role > ROLE_AUDITOR)
			return fault_new(FAULT_LOCKED, "the role of device %s "
			    "is not known here; nothing was written",
			    id_hex(hex, &to->device));
		m->letters[m->n] = letter_to(to, m->r);
		m->n += m->letters[m->n].nitems > 0;
	}
	qsort(m->letters, m->n, sizeof m->letters[0], by_device);
	return NULL;
}

/* An upper bound: all that is lacked, without the shared boxes. */
static size_t
letters_size(const struct making *m)
{
	size_t n = 60;

	for (size_t i = 0; i < m->n; i++)
		n += 28 + crypto_box_SEALBYTES +
		    m->letters[i].nitems * keyring_item_size(KEYRING_TREE);
	return n;
}

static bool
anyone_lacks_tree(const struct making *m, uint32_t e)
{
	for (size_t i = 0; i < m->n; i++)
		if (e <= m->letters[i].last &&
		    lacks_tree(m->letters[i].to, m->r, e))
			return true;
	return false;
}

/* Under a key that is used for this one box, so the nonce may be zeros. */
static void
box_tree(struct making *m, uint32_t e, const struct tree *t)
{
	static const uint8_t nonce[crypto_secretbox_NONCEBYTES];
	size_t n = crypto_secretbox_MACBYTES + tree_size(t), i = m->ntrees++;
	struct buf text = BUF_EMPTY, *box = &m->tree_box[i];

	tree_encode(&text, t);
	random_fill(m->tree_key[i], WIRE_KEY_LEN);
	crypto_secretbox_easy(buf_room(box, n), text.at, text.len, nonce,
	    m->tree_key[i]);
	box->len = n;
	m->tree_epoch[i] = e;
	buf_wipe(&text);
}

/* Each tree that somebody lacks, the oldest first, while there is room. */
static fault
box_trees(struct making *m)
{
	size_t used = letters_size(m);

	for (uint32_t e = 1; e <= m->r->nepochs; e++) {
		const struct tree *t = true_tree(m->keys, &m->r->epochs[e - 1]);

		if (!anyone_lacks_tree(m, e))
			continue;
		if (t == NULL)
			return fault_new(FAULT_LOCKED, "the erasure tree of "
			    "epoch %u is not on this device; nothing was "
			    "written", e);
		used += 4 + crypto_secretbox_MACBYTES + tree_size(t);
		if (m->ntrees == KEYRING_SHARED_MAX ||
		    (m->ntrees > 0 && used > WIRE_KEYRING_MAX))
			break;
		box_tree(m, e, t);
	}
	return NULL;
}

/* c's share of every epoch, if it is of this kind. */
static fault
put_shares(struct buf *text, const struct making *m, const struct letter *l,
    enum share share, enum compartment c)
{
	uint8_t *s = secret_new(WIRE_KEY_LEN), *a = secret_new(WIRE_KEY_LEN);
	struct keyring_item it = { .kind = share == SHARE_SECRET ?
	    KEYRING_SECRET : KEYRING_AUTHOR, .c = (uint8_t)c };
	fault f = NULL;

	it.key = share == SHARE_SECRET ? s : a;
	for (it.e = 1; it.e <= l->last; it.e++) {
		if (lacks_share(l->to, m->r, it.e, c) != share)
			continue;
		if (!true_secret(s, m->keys, &m->r->epochs[it.e - 1], c)) {
			f = fault_new(FAULT_LOCKED, "the secrets of epoch %u "
			    "are not all on this device; nothing was "
			    "written", it.e);
			break;
		}
		keys_author(a, s, &l->to->device);
		keyring_put_item(text, &it);
	}
	secret_free(s, WIRE_KEY_LEN);
	secret_free(a, WIRE_KEY_LEN);
	return f;
}

static void
put_trees(struct buf *text, const struct making *m, const struct letter *l)
{
	for (size_t i = 0; i < m->ntrees; i++) {
		uint32_t e = m->tree_epoch[i];
		struct keyring_item it = { .kind = KEYRING_TREE,
		    .e = m->r->epochs[e - 1].g, .shared = (uint16_t)i,
		    .key = m->tree_key[i] };

		if (e <= l->last && lacks_tree(l->to, m->r, e))
			keyring_put_item(text, &it);
	}
}

static fault
write_letter(struct buf *text, const struct making *m, const struct letter *l)
{
	fault f = NULL;

	/* At once: a buffer that grows leaves copies behind. */
	buf_room(text, l->nitems * keyring_item_size(KEYRING_TREE));
	for (int c = COMP_LEDGER; c < COMP_COUNT && f == NULL; c++)
		f = put_shares(text, m, l, SHARE_SECRET, (enum compartment)c);
	for (int c = COMP_IDENTITY; c < COMP_COUNT && f == NULL; c++)
		f = put_shares(text, m, l, SHARE_AUTHOR, (enum compartment)c);
	if (f == NULL)
		put_trees(text, m, l);
	return f;
}

static fault
seal_letter(struct making *m, struct letter *l)
{
	struct buf text = BUF_EMPTY;
	char hex[ID_HEX];
	fault f;

	if ((f = write_letter(&text, m, l)) != NULL || text.len == 0)
		goto done;
	if (crypto_box_seal(buf_room(&l->seal, crypto_box_SEALBYTES + text.len),
	    text.at, text.len, l->to->box_pk) != 0)
		f = fault_new(FAULT_TRUST, "nothing can be sealed to the box "
		    "key of device %s; nothing was written",
		    id_hex(hex, &l->to->device));
	else
		l->seal.len = crypto_box_SEALBYTES + text.len;
done:
	buf_wipe(&text);
	return f;
}

/* Everything sealed, put together, and read back before it goes out. */
static fault
assemble(struct buf *blob, const struct making *m)
{
	struct keyring k = { .head = m->plan->head, .nshared = m->ntrees };
	struct buf b = BUF_EMPTY;
	fault f;

	for (size_t i = 0; i < m->ntrees; i++)
		k.shared[i] = buf_view(&m->tree_box[i]);
	for (size_t i = 0; i < m->n; i++) {
		const struct letter *l = &m->letters[i];
		struct keyring_envelope *v = &k.envelopes[k.nenvelopes];

		if (l->seal.len == 0)
			continue;
		v->device = l->to->device;
		keyring_box_name(v->box_name, l->to->box_pk);
		v->seal = buf_view(&l->seal);
		k.nenvelopes++;
	}
	if ((f = keyring_encode(&b, &k)) == NULL &&
	    (f = keyring_decode(&k, buf_view(&b))) == NULL)
		buf_add_bytes(blob, buf_view(&b));
	buf_free(&b);
	return f;
}

static void
making_free(struct making *m)
{
	for (size_t i = 0; i < m->n; i++)
		buf_free(&m->letters[i].seal);
	for (size_t i = 0; i < m->ntrees; i++)
		buf_free(&m->tree_box[i]);
	secret_free(m->tree_key, KEYRING_SHARED_MAX * WIRE_KEY_LEN);
	free(m);
}

fault
envelope_make(struct buf *blob, const struct envelope_plan *plan,
    const struct keys *keys)
{
	struct making *m;
	fault f;

	if (plan->nto > KEYRING_ENVELOPES_MAX)
		return fault_new(FAULT_INVALID, "a keyring for %zu devices is "
		    "more than may be; nothing was written", plan->nto);
	m = mem_new(sizeof *m);
	m->plan = plan;
	m->r = plan->roster;
	m->keys = keys;
	m->tree_key = secret_new(KEYRING_SHARED_MAX * WIRE_KEY_LEN);
	if ((f = address(m)) == NULL)
		f = box_trees(m);
	for (size_t i = 0; i < m->n && f == NULL; i++)
		f = seal_letter(m, &m->letters[i]);
	if (f == NULL)
		f = assemble(blob, m);
	making_free(m);
	return f;
}
