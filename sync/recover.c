#include "sync/recover.h"

#include <string.h>

#include <sodium.h>

#include "sync/base/secret.h"

#define ALL_LEN (COMP_COUNT * WIRE_KEY_LEN)

bool
recover_is(const struct roster *r, const struct paper *p)
{
	return memcmp(r->paper_sign, p->sign_pk, 32) == 0 &&
	    memcmp(r->paper_box, p->box_pk, 32) == 0;
}

/* Into all, whose secrets are then what everybody holds. */
static bool
open_epoch(uint8_t all[ALL_LEN], const struct epoch *e, const struct paper *p)
{
	if (crypto_box_seal_open(all, e->to_paper, EPOCH_TO_PAPER, p->box_pk,
	    p->box_sk) != 0)
		return false;
	for (int c = COMP_LEDGER; c < COMP_COUNT; c++) {
		struct hash h = keys_commitment(all + c * WIRE_KEY_LEN,
		    (enum compartment)c, e->e);

		if (!hash_eq(&h, &e->secret[c]))
			return false;
	}
	return true;
}

static void
put_epoch(struct keys *into, const uint8_t all[ALL_LEN], uint32_t e)
{
	for (int c = COMP_LEDGER; c < COMP_COUNT; c++)
		keys_put_secret(into, (enum compartment)c, e,
		    all + c * WIRE_KEY_LEN);
}

fault
recover_secrets(struct keys *into, const struct roster *r,
    const struct paper *p)
{
	uint8_t *all = secret_new(ALL_LEN);
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < r->nepochs; i++)
		if (!open_epoch(all, &r->epochs[i], p))
			f = fault_new(FAULT_TRUST, "the secrets of epoch %u "
			    "do not open with the recovery key, or are others "
			    "than the roster names; nothing was changed",
			    r->epochs[i].e);
	for (size_t i = 0; f == NULL && i < r->nepochs; i++)
		if (open_epoch(all, &r->epochs[i], p))
			put_epoch(into, all, r->epochs[i].e);
	secret_free(all, ALL_LEN);
	return f;
}

void
recover_entry(struct entry *e, const struct roster *r,
    const struct id *device, const struct paper *p)
{
	const struct hash *last = roster_entry(r, r->seq);
	struct buf said = BUF_EMPTY, body = BUF_EMPTY;
	uint8_t sig[WIRE_SIG_LEN];

	buf_add(&said, r->project.b, WIRE_ID_LEN);
	buf_add(&said, device->b, WIRE_ID_LEN);
	buf_add(&said, last->b, WIRE_HASH_LEN);
	sign(sig, p->sign_sk, SIGN_ROSTER, buf_view(&said));
	buf_add(&body, device->b, WIRE_ID_LEN);
	buf_add(&body, sig, sizeof sig);
	item_put(&e->clear, ITEM_RECOVER, buf_view(&body));
	e->nclear++;
	buf_free(&said);
	buf_free(&body);
}
