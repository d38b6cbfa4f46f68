/*
 * exchange_erase -- what the roster says is erased goes from this device.
 *
 * In this order: the trees are punctured and the record's rows go, in one
 * transaction; a new box key is drawn and the older secrets go; the database
 * is rewritten under a new key; a receipt stands in the next commit.  A
 * kill anywhere is finished at the next sync or unlock: what is still to do
 * is written down in the first transaction.
 */
#include "fieldkit/exchange_own.h"

#include <stdlib.h>

#include "fieldkit/box.h"
#include "fieldkit/store_erase.h"

#define DONE "erase/done"		/* u64: newest entry applied */
#define OWED "erase/owed"		/* u64: receipts are owed up to it */

/* --- settings that hold numbers ------------------------------------------- */

static fault
number(struct home *h, const char *name, uint64_t *n)
{
	struct buf b = BUF_EMPTY;
	struct reader r;
	fault f = store_get(&h->store, name, &b);

	r = reader_of(buf_view(&b));
	*n = b.len == 8 ? get_u64(&r) : 0;
	buf_free(&b);
	return f;
}

static fault
set_number(struct home *h, const char *name, uint64_t n)
{
	struct buf b = BUF_EMPTY;
	fault f;

	put_u64(&b, n);
	f = store_set(&h->store, name, buf_view(&b));
	buf_free(&b);
	return f;
}

/* --- rows and keys ---------------------------------------------------------- */

static struct erasure
erasure_of(const struct erasures *x, const struct erased *e)
{
	return (struct erasure){ .record = e->record, .time = e->time,
	    .reason = erasures_text(x, &e->reason),
	    .basis = erasures_text(x, &e->basis),
	    .type = erasures_text(x, &e->type), .seq = e->seq, .by = e->by };
}

/* A receipt is due for every entry that erases anything, once. */
static fault
owe_receipts(struct home *h, uint64_t after, uint64_t up_to)
{
	const struct erasures *x = &h->site.roster->erased;
	uint64_t last = after;
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < x->npairs; i++)
		if (x->pairs[i].seq > last && x->pairs[i].seq <= up_to) {
			last = x->pairs[i].seq;
			f = receipt_owe(&h->store, last);
		}
	return f;
}

static fault
drop_all(struct home *h, uint64_t after, struct erase_count *n)
{
	const struct erasures *x = &h->site.roster->erased;
	struct erasure *list = mem_new((x->nrecords + 1) * sizeof *list);
	struct erase_count now = { .records = 0 };
	size_t count = 0;
	fault f;

	for (size_t i = 0; i < x->nrecords; i++)
		if (x->records[i].seq > after)
			list[count++] = erasure_of(x, &x->records[i]);
	f = store_erase(&h->store, list, count, &now);
	free(list);
	n->records += now.records;
	n->changes += now.changes;
	n->unsealed += now.unsealed;
	if (f == NULL)
		f = set_number(h, DONE, x->seq);
	return f == NULL ? home_save_keys(h) : f;
}

static fault
puncture(struct home *h, uint64_t after, struct erase_count *n)
{
	fault f;

	roster_puncture(h->site.roster, h->keys);
	if ((f = db_begin(h->db)) != NULL)
		return f;
	return db_end(h->db, drop_all(h, after, n));
}

/* --- what the disk still holds ---------------------------------------------- */

static fault
rewrite_all(struct home *h)
{
	fault f;

	/* First, so that the rewriting takes the old ones with it, and is done
	 * again until all is. */
	if ((f = box_renew(h)) != NULL || (f = box_forget_old(h)) != NULL)
		return f;
	return home_rewrite(h);
}

/* Who has no trees holds nothing that an erasure destroys, and owes nothing
 * until it is in a role that has them. */
static fault
settle_receipts(struct home *h)
{
	uint64_t done, owed;
	fault f;

	if ((f = number(h, DONE, &done)) != NULL ||
	    (f = number(h, OWED, &owed)) != NULL || owed >= done ||
	    exchange_role(h) == ROLE_AUDITOR)
		return f;
	if ((f = db_begin(h->db)) != NULL)
		return f;
	if ((f = owe_receipts(h, owed, done)) == NULL)
		f = set_number(h, OWED, done);
	return db_end(h->db, f);
}

/* Only what is bound destroys; a draft of ours may still lose its race. */
fault
exchange_erase(struct home *h, struct exchange_report *r)
{
	const struct roster *ro = h->site.roster;
	uint64_t done, pending;
	fault f;

	if ((f = number(h, DONE, &done)) != NULL)
		return f;
	if (ro->erased.seq > done && ro->erased.seq <= h->site.bound &&
	    (f = puncture(h, done, &r->erased)) != NULL)
		return f;
	if ((f = store_remains(&h->store, &pending)) == NULL && pending > 0)
		f = rewrite_all(h);
	return f != NULL ? f : settle_receipts(h);
}

/* --- receipts ----------------------------------------------------------------- */

/* What our next commit says; nothing while the database is to be rewritten. */
fault
exchange_receipts(struct home *h, struct receipt **out, size_t *n)
{
	uint64_t pending, *seqs = NULL;
	fault f = store_remains(&h->store, &pending);

	*out = NULL;
	*n = 0;
	if (f != NULL || pending != 0 ||
	    (f = receipt_owed(&h->store, &seqs, n)) != NULL)
		return f;
	*out = mem_new(*n * sizeof **out);
	for (size_t i = 0, k = 0, all = *n; i < all; i++) {
		const struct hash *entry = roster_entry(h->site.roster,
		    seqs[i]);

		if (entry == NULL)
			--*n;
		else
			(*out)[k++] = (struct receipt){ seqs[i], *entry };
	}
	free(seqs);
	return NULL;
}

/* Another device says that it has erased what these entries name. */
fault
exchange_take_receipts(struct home *h, const struct id *device,
    const struct receipt *r, size_t n)
{
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < n; i++) {
		const struct hash *entry = roster_entry(h->site.roster,
		    r[i].seq);

		if (entry != NULL && hash_eq(entry, &r[i].hash))
			f = receipt_put(&h->store, device, r[i].seq);
	}
	return f;
}
