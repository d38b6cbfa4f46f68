/*
 * envelope_open -- our envelope of a keyring into our keys: all of it, or
 * nothing.
 */
#include "sync/envelope.h"

#include <inttypes.h>
#include <string.h>

#include <sodium.h>

#include "sync/base/lang.h"
#include "sync/base/secret.h"

struct opening {
	const struct envelope_reader *rd;
	struct keyring	k;
	struct keys	*into;
	struct keys	*fresh;		/* what goes into it if all is good */
	struct envelope_result result;
};

static fault
refuse(const struct opening *o, const char *why)
{
	return fault_new(FAULT_TRUST, "our envelope in keyring %" PRIu64
	    " is refused: %s; nothing of it was taken", o->rd->n, say(why));
}

static fault
damaged(const struct opening *o)
{
	return fault_new(FAULT_FORMAT, "the inside of our envelope in keyring "
	    "%" PRIu64 " is not whole; nothing of it was taken", o->rd->n);
}

static fault
take_secret(struct opening *o, const struct keyring_item *it)
{
	const struct epoch *e = roster_epoch_of(o->rd->roster, it->e);
	enum compartment c = (enum compartment)it->c;
	struct hash h = keys_commitment(it->key, c, it->e);

	if (e == NULL)
		return refuse(o, "it names an epoch that the roster has not");
	if (!hash_eq(&h, &e->secret[c]))
		return refuse(o, "a secret is another than the roster says");
	o->result.secrets += !keys_has_secret(o->into, c, it->e);
	keys_put_secret(o->fresh, c, it->e, it->key);
	return NULL;
}

/* What S makes of it, if we have S; S of the envelope came before it. */
static bool
author_agrees(const struct opening *o, const struct keyring_item *it)
{
	enum compartment c = (enum compartment)it->c;
	uint8_t *s = secret_new(WIRE_KEY_LEN), *a = secret_new(WIRE_KEY_LEN);
	bool ok = true;

	if (keys_get_author(a, o->into, c, it->e))
		ok = sodium_memcmp(a, it->key, WIRE_KEY_LEN) == 0;
	if (keys_get_secret(s, o->fresh, c, it->e) ||
	    keys_get_secret(s, o->into, c, it->e)) {
		keys_author(a, s, &o->rd->self);
		ok = ok && sodium_memcmp(a, it->key, WIRE_KEY_LEN) == 0;
	}
	secret_free(s, WIRE_KEY_LEN);
	secret_free(a, WIRE_KEY_LEN);
	return ok;
}

static fault
take_author(struct opening *o, const struct keyring_item *it)
{
	enum compartment c = (enum compartment)it->c;
	uint8_t *a;

	if (roster_epoch_of(o->rd->roster, it->e) == NULL)
		return refuse(o, "it names an epoch that the roster has not");
	if (!author_agrees(o, it))
		return refuse(o, "an author's secret is another than ours");
	a = secret_new(WIRE_KEY_LEN);
	o->result.authors += !keys_get_author(a, o->into, c, it->e);
	secret_free(a, WIRE_KEY_LEN);
	keys_put_author(o->fresh, c, it->e, it->key);
	return NULL;
}

/* NULL: no epoch has this generation. */
static const struct epoch *
epoch_with(const struct roster *r, uint32_t g)
{
	for (size_t i = 0; i < r->nepochs; i++)
		if (r->epochs[i].g == g)
			return &r->epochs[i];
	return NULL;
}

static bool
is_other_tree(const struct tree *t, const struct epoch *e)
{
	struct hash h = tree_commitment(t);	/* zeros once punctured */

	return !hash_zero(&h) && !hash_eq(&h, &e->tree);
}

static fault
open_box(struct tree **out, const struct opening *o,
    const struct keyring_item *it)
{
	static const uint8_t nonce[crypto_secretbox_NONCEBYTES];
	struct bytes box = o->k.shared[it->shared];
	size_t len = box.len - crypto_secretbox_MACBYTES;
	uint8_t *text = secret_new(len);
	struct reader r = reader_of((struct bytes){ text, len });
	fault f;

	if (crypto_secretbox_open_easy(text, box.at, box.len, nonce,
	    it->key) != 0) {
		f = refuse(o, "the box of a tree does not open");
		goto done;
	}
	if ((f = tree_decode(out, &r)) == NULL && !reader_whole(&r)) {
		tree_free(*out);
		f = damaged(o);
	}
done:
	secret_free(text, len);
	return f;
}

/*
 * A tree that we hold may lack leaves that this one has: it stays, unless it
 * is not the roster's at all but a draft's that lost its race.
 */
static fault
take_tree(struct opening *o, const struct keyring_item *it)
{
	const struct epoch *e = epoch_with(o->rd->roster, it->e);
	struct tree *t, *held = keys_tree(o->into, it->e);
	fault f;

	if (e == NULL)
		return refuse(o, "it names a tree that the roster has not");
	if ((f = open_box(&t, o, it)) != NULL)
		return f;
	if (tree_generation(t) != it->e || is_other_tree(t, e)) {
		tree_free(t);
		return refuse(o, "a tree is another than the roster says");
	}
	if (held != NULL && !is_other_tree(held, e)) {
		tree_free(t);
		return NULL;
	}
	erasures_puncture(&o->rd->roster->erased, t);
	keys_put_tree(o->fresh, t);
	o->result.trees++;
	return NULL;
}

static fault
take_item(struct opening *o, const struct keyring_item *it)
{
	switch (it->kind) {
	case KEYRING_SECRET:	return take_secret(o, it);
	case KEYRING_AUTHOR:	return take_author(o, it);
	case KEYRING_TREE:	return take_tree(o, it);
	}
	return damaged(o);
}

static fault
take_items(struct opening *o, struct bytes text)
{
	struct reader r = reader_of(text);
	struct keyring_item it, last;
	fault f = NULL;

	for (size_t n = 0; reader_left(&r) > 0 && f == NULL; n++) {
		it = keyring_get_item(&r, n == 0 ? NULL : &last,
		    o->k.nshared);
		if (!reader_ok(&r) || n == KEYRING_ITEMS_MAX)
			return damaged(o);
		f = take_item(o, &it);
		last = it;
	}
	return f;
}

/* Only the key that the envelope names is tried. */
static bool
unseal(uint8_t *text, struct opening *o, const struct keyring_envelope *v)
{
	for (size_t i = 0; i < o->rd->nboxes; i++) {
		const struct envelope_box *b = &o->rd->boxes[i];
		uint8_t name[BOX_NAME_LEN];

		keyring_box_name(name, b->pk);
		if (memcmp(name, v->box_name, BOX_NAME_LEN) == 0 &&
		    crypto_box_seal_open(text, v->seal.at, v->seal.len, b->pk,
		    b->sk) == 0) {
			o->result.box = i;
			return true;
		}
	}
	return false;
}

static void
hand_over(struct opening *o)
{
	const struct roster *r = o->rd->roster;

	for (size_t i = 0; i < r->nepochs; i++)
		if (keys_tree(o->fresh, r->epochs[i].g) != NULL)
			keys_drop_tree(o->into, r->epochs[i].g);
	keys_take(o->into, o->fresh);
}

static fault
open_ours(struct opening *o, const struct keyring_envelope *v)
{
	size_t len = v->seal.len - crypto_box_SEALBYTES;
	uint8_t *text = secret_new(len);
	fault f = NULL;

	o->result.found = ENVELOPE_STALE;
	if (!unseal(text, o, v))
		goto done;
	o->result.found = ENVELOPE_OPENED;
	o->fresh = keys_new();
	if ((f = take_items(o, (struct bytes){ text, len })) == NULL)
		hand_over(o);
	keys_free(o->fresh);
done:
	secret_free(text, len);
	return f;
}

/* Its entry may be unbound yet, or have lost its race. */
static bool
is_bound(const struct opening *o)
{
	const struct hash *h = roster_entry(o->rd->roster,
	    o->k.head.roster_seq);

	return h != NULL && hash_eq(h, &o->k.head.roster_hash);
}

fault
envelope_open(struct keys *into, struct envelope_result *result,
    struct bytes blob, const struct envelope_reader *rd)
{
	struct opening o = { .rd = rd, .into = into };
	const struct keyring_envelope *v;
	fault f;

	if ((f = keyring_decode(&o.k, blob)) != NULL)
		return f;
	if (o.k.head.n != rd->n)
		return fault_new(FAULT_TRUST, "keyring %" PRIu64 " holds the "
		    "one of another number; nothing of it was taken", rd->n);
	v = keyring_for(&o.k, &rd->self);
	if (!is_bound(&o))
		o.result.found = ENVELOPE_UNBOUND;
	else if (v != NULL && (f = open_ours(&o, v)) != NULL)
		return f;
	*result = o.result;
	return NULL;
}
