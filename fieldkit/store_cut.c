/*
 * store_cut -- what a device wrote after its cut goes into quarantine, and the
 * rows are made again without it.
 */
#include "fieldkit/store.h"
#include "fieldkit/store_own.h"

static const char after[] = "after-cut";
static const char why[] = "written after its device was cut off";

struct gone {			/* one change beyond the cut */
	struct dot	dot;
	uint64_t	seq;		/* its commit */
	struct buf	body;
};

/* The next one; *row: whether there is one. */
static fault
next(struct store *st, int64_t device, uint64_t seq, struct gone *g,
    bool *row)
{
	struct stmt *s = db_prepare(st->db, "SELECT n, c.seq, body "
	    "FROM carried c CROSS JOIN change ON change.device = c.device "
	    "AND n BETWEEN c.first AND c.last WHERE c.device = ? "
	    "AND c.seq > ? LIMIT 1");
	fault f;

	stmt_int(s, 1, device);
	stmt_int(s, 2, (int64_t)seq);
	if ((f = stmt_step(s, row)) != NULL || !*row)
		return f;
	g->dot.n = (uint64_t)stmt_get_int(s, 0);
	g->seq = (uint64_t)stmt_get_int(s, 1);
	buf_add_bytes(&g->body, stmt_get(s, 2));
	stmt_reset(s);
	return NULL;
}

static fault
set_aside(struct store *st, int64_t device, uint64_t seq,
    const struct id *who, bool *any)
{
	struct gone g = { .dot.device = *who };
	struct quarantined q;
	bool row;
	fault f;

	while ((f = next(st, device, seq, &g, &row)) == NULL && row) {
		q = (struct quarantined){ g.dot, g.seq, after,
		    buf_view(&g.body), why };
		if ((f = store_quarantine(st, &q)) != NULL ||
		    (f = store_drop(st, &g.dot)) != NULL)
			break;
		buf_clear(&g.body);
		*any = true;
	}
	buf_free(&g.body);
	return f;
}

static fault
forget_carried(struct store *st, int64_t device, uint64_t seq)
{
	struct stmt *s = db_prepare(st->db, "DELETE FROM carried "
	    "WHERE device = ? AND seq > ?");

	stmt_int(s, 1, device);
	stmt_int(s, 2, (int64_t)seq);
	return stmt_run(s);
}

static fault
cut(struct store *st, const struct id *device, uint64_t seq, bool *any)
{
	uint64_t opened;
	int64_t ref;
	fault f;

	if ((f = store_opened(st, device, &opened)) != NULL || opened <= seq ||
	    (f = device_ref(st->db, device, &ref)) != NULL ||
	    (f = set_aside(st, ref, seq, device, any)) != NULL ||
	    (f = forget_carried(st, ref, seq)) != NULL ||
	    (f = store_set_opened(st, device, seq)) != NULL || !*any)
		return f;
	return store_rebuild(st);
}

fault
store_cut(struct store *st, const struct id *device, uint64_t seq, bool *any)
{
	fault f = db_begin(st->db);

	*any = false;
	return f != NULL ? f : db_end(st->db, cut(st, device, seq, any));
}

fault
store_set_aside(struct store *st, const struct change *c, uint64_t seq)
{
	struct buf body = BUF_EMPTY;
	struct quarantined q = { c->dot, seq, after, BYTES_EMPTY, why };
	fault f;

	change_encode(&body, c);
	q.body = buf_view(&body);
	f = store_quarantine(st, &q);
	buf_free(&body);
	return f;
}

fault
store_adopted(struct store *st, const struct dot *dot)
{
	struct stmt *s = db_prepare(st->db, "DELETE FROM quarantine "
	    "WHERE device = ? AND n = ?");
	int64_t ref;
	fault f = device_find(st->db, &dot->device, &ref);

	if (f != NULL)
		return f;
	stmt_int(s, 1, ref);
	stmt_int(s, 2, (int64_t)dot->n);
	return stmt_run(s);
}
