/*
 * store_batch -- many changes from afar in one transaction: what need not be
 * done for each of them.
 */
#include "fieldkit/store.h"

#include <stdlib.h>

#include "fieldkit/store_own.h"

struct kept {			/* the text of a record that one change made */
	int64_t		pos;		/* of the change */
	struct id	record;
	size_t		from, to;	/* in the batch's text */
};

struct store_batch {
	struct id	device;		/* asked for last */
	int64_t		ref;		/* its small number; 0: none asked yet */
	struct id	*late;		/* records whose rows are to be made */
	size_t		nlate;
	struct kept	*kept;		/* strictly increasing by pos */
	size_t		nkept;
	struct buf	text;
};

/* --- small numbers ------------------------------------------------------ */

fault
store_ref(struct store *st, const struct id *device, int64_t *ref)
{
	struct store_batch *b = st->batch;
	fault f;

	if (b != NULL && b->ref != 0 && id_eq(&b->device, device)) {
		*ref = b->ref;
		return NULL;
	}
	if ((f = device_ref(st->db, device, ref)) == NULL && b != NULL) {
		b->device = *device;
		b->ref = *ref;
	}
	return f;
}

/* --- rows --------------------------------------------------------------- */

void
store_batch_late(struct store_batch *b, const struct id *record)
{
	if (b->nlate > 0 && id_eq(&b->late[b->nlate - 1], record))
		return;
	if ((b->nlate & (b->nlate - 1)) == 0)
		b->late = mem_grow(b->late,
		    (b->nlate == 0 ? 1 : b->nlate * 2) * sizeof *b->late);
	b->late[b->nlate++] = *record;
}

static int
by_id(const void *a, const void *b)
{
	return id_cmp(a, b);
}

/* A record whose changes have all left meanwhile has no row. */
static fault
make_rows(struct store *st)
{
	struct store_batch *b = st->batch;
	struct record r;
	fault f = NULL;

	if (b->nlate > 1)
		qsort(b->late, b->nlate, sizeof *b->late, by_id);
	for (size_t i = 0; f == NULL && i < b->nlate; i++) {
		if (i > 0 && id_eq(&b->late[i - 1], &b->late[i]))
			continue;
		if ((f = record_load(&r, st->db, &b->late[i])) == NULL)
			f = store_row(st, &r);
		record_free(&r);
	}
	return f;
}

/* --- texts -------------------------------------------------------------- */

void
store_batch_keep(struct store_batch *b, int64_t pos, const struct record *r)
{
	size_t from = b->text.len;

	record_text(&b->text, r);
	if ((b->nkept & (b->nkept - 1)) == 0)
		b->kept = mem_grow(b->kept,
		    (b->nkept == 0 ? 1 : b->nkept * 2) * sizeof *b->kept);
	b->kept[b->nkept++] = (struct kept){ pos, r->id, from, b->text.len };
}

void
store_batch_forget(struct store *st)
{
	if (st->batch == NULL)
		return;
	st->batch->nkept = 0;
	buf_clear(&st->batch->text);
}

static int
by_pos(const void *a, const void *b)
{
	const int64_t *x = a;
	const struct kept *y = b;

	return *x < y->pos ? -1 : *x > y->pos;
}

bool
store_batch_text(const struct store *st, int64_t pos, const struct id *record,
    struct bytes *text)
{
	const struct store_batch *b = st->batch;
	const struct kept *k;

	if (b == NULL || b->nkept == 0)
		return false;
	k = bsearch(&pos, b->kept, b->nkept, sizeof *k, by_pos);
	if (k == NULL || !id_eq(&k->record, record))
		return false;
	*text = (struct bytes){ b->text.at + k->from, k->to - k->from };
	return true;
}

/* --- beginning and end -------------------------------------------------- */

fault
store_begin(struct store *st)
{
	fault f = db_begin(st->db);

	if (f == NULL)
		st->batch = mem_new(sizeof *st->batch);
	return f;
}

fault
store_end(struct store *st, fault f)
{
	struct store_batch *b = st->batch;

	if (f == NULL)
		f = make_rows(st);
	st->batch = NULL;
	free(b->late);
	free(b->kept);
	buf_free(&b->text);
	free(b);
	return db_end(st->db, f);
}
