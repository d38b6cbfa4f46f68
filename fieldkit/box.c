#include "fieldkit/box.h"

#include <string.h>

#include <sodium.h>

#include "sync/base/codec.h"
#include "sync/base/secret.h"

#define CURRENT "box"
#define OLDER "box-old"
#define ANNOUNCED "box/announced"
#define SYNCS "box/syncs"

static fault
read_one(struct boxes *b, struct home *h, const char *name)
{
	uint8_t *sk;
	size_t n = 0;
	fault f = home_get_secret(h, name, &sk, &n);

	if (f != NULL || sk == NULL)
		return f;
	if (n != BOX_LEN) {		/* emptied */
		secret_free(sk, n);
		return NULL;
	}
	b->at[b->n].sk = sk;
	crypto_scalarmult_base(b->at[b->n++].pk, sk);
	return NULL;
}

fault
box_read(struct boxes *out, struct home *h)
{
	struct boxes b = { .n = 0 };
	fault f = read_one(&b, h, CURRENT);

	if (f == NULL)
		f = read_one(&b, h, OLDER);
	if (f != NULL)
		box_free(&b);
	*out = b;
	return f;
}

void
box_free(struct boxes *b)
{
	for (size_t i = 0; i < b->n; i++)
		secret_free(b->at[i].sk, BOX_LEN);
	*b = (struct boxes){ .n = 0 };
}

/* What our chain has announced last; at first the key that we joined with. */
static fault
announced(uint8_t pk[BOX_LEN], struct home *h)
{
	struct buf b = BUF_EMPTY;
	fault f = store_get(&h->store, ANNOUNCED, &b);

	memcpy(pk, b.len == BOX_LEN ? b.at : h->signer.box_pk, BOX_LEN);
	buf_free(&b);
	return f;
}

static fault
set_announced(struct home *h, const uint8_t pk[BOX_LEN])
{
	return store_set(&h->store, ANNOUNCED, (struct bytes){ pk, BOX_LEN });
}

/* All of it or nothing: a key that only half took over would be lost. */
static fault
turn(struct home *h, const struct boxes *now, const uint8_t *fresh)
{
	uint8_t said[BOX_LEN];
	fault f;

	if ((f = announced(said, h)) != NULL ||
	    (f = set_announced(h, said)) != NULL)
		return f;
	if (now->n > 0 && (f = home_put_secret(h, OLDER,
	    (struct bytes){ now->at[0].sk, BOX_LEN })) != NULL)
		return f;
	return home_put_secret(h, CURRENT, (struct bytes){ fresh, BOX_LEN });
}

fault
box_renew(struct home *h)
{
	uint8_t *fresh = secret_new(BOX_LEN), pk[BOX_LEN];
	struct boxes now;
	fault f;

	crypto_box_keypair(pk, fresh);
	if ((f = box_read(&now, h)) == NULL &&
	    (f = db_begin(h->db)) == NULL)
		f = db_end(h->db, turn(h, &now, fresh));
	if (f == NULL)
		memcpy(h->signer.box_pk, pk, sizeof pk);
	box_free(&now);
	secret_free(fresh, BOX_LEN);
	return f;
}

fault
box_forget_old(struct home *h)
{
	return home_put_secret(h, OLDER, (struct bytes){ NULL, 0 });
}

fault
box_due(bool *due, struct home *h)
{
	uint8_t said[BOX_LEN];
	fault f = announced(said, h);

	*due = f == NULL && memcmp(said, h->signer.box_pk, BOX_LEN) != 0;
	return f;
}

fault
box_announced(struct home *h)
{
	static const uint8_t none[4];
	fault f = set_announced(h, h->signer.box_pk);

	return f != NULL ? f : store_set(&h->store, SYNCS,
	    (struct bytes){ none, sizeof none });
}

fault
box_repeat(struct home *h)
{
	static const uint8_t nothing[BOX_LEN];

	return set_announced(h, nothing);
}

fault
box_synced(struct home *h)
{
	struct boxes now;
	struct buf b = BUF_EMPTY;
	struct reader r;
	uint32_t n;
	bool due;
	fault f;

	if ((f = box_read(&now, h)) != NULL || now.n < 2 ||
	    (f = box_due(&due, h)) != NULL || due ||
	    (f = store_get(&h->store, SYNCS, &b)) != NULL)
		goto done;
	r = reader_of(buf_view(&b));
	n = get_u32(&r) + 1;
	buf_clear(&b);
	put_u32(&b, n);
	f = n < BOX_SYNCS ? store_set(&h->store, SYNCS, buf_view(&b)) :
	    box_forget_old(h);
done:
	buf_free(&b);
	box_free(&now);
	return f;
}
