/*
 * store_quarantine -- what was verified but contradicts what is known.
 */
#include "fieldkit/store.h"

#include <stdlib.h>
#include <string.h>

#include "fieldkit/store_own.h"

static fault
held_already(struct store *st, const struct quarantined *q, int64_t device,
    bool *yes)
{
	struct stmt *s = db_prepare(st->db, "SELECT 1 FROM quarantine "
	    "WHERE device = ? AND n = ? AND body = ?");
	fault f;

	stmt_int(s, 1, device);
	stmt_int(s, 2, (int64_t)q->dot.n);
	stmt_blob(s, 3, q->body);
	f = stmt_step(s, yes);
	stmt_reset(s);
	return f;
}

/* What it claims, to find it by; a body that does not decode claims nothing. */
static fault
hold_claim(struct store *st, int64_t at, struct bytes body)
{
	struct stmt *s;
	struct change c;
	int64_t creator;
	fault f;

	if (change_decode(&c, body) != NULL)
		return NULL;
	if ((f = device_ref(st->db, &c.index.creator, &creator)) != NULL)
		goto done;
	s = db_prepare(st->db, "UPDATE quarantine SET record = ?, "
	    "creator = ?, idx = ? WHERE at = ?");
	stmt_blob(s, 1, (struct bytes){ c.record.b, sizeof c.record.b });
	stmt_int(s, 2, creator);
	stmt_int(s, 3, c.index.n);
	stmt_int(s, 4, at);
	f = stmt_run(s);
done:
	change_free(&c);
	return f;
}

/* A change to an erased record is not kept aside either. */
static fault
too_late(struct store *st, struct bytes body, bool *yes)
{
	struct change c;
	fault f;

	*yes = false;
	if (change_decode(&c, body) != NULL)
		return NULL;
	f = store_drop_late(st, &c, yes);
	change_free(&c);
	return f;
}

static fault
hold(struct store *st, const struct quarantined *q)
{
	struct stmt *s;
	int64_t ref;
	bool yes;
	fault f;

	if ((f = device_ref(st->db, &q->dot.device, &ref)) != NULL ||
	    (f = held_already(st, q, ref, &yes)) != NULL || yes ||
	    (f = too_late(st, q->body, &yes)) != NULL || yes)
		return f;
	s = db_prepare(st->db, "INSERT INTO quarantine(device, n, seq, code, "
	    "body, reason) VALUES(?, ?, ?, ?, ?, ?)");
	stmt_int(s, 1, ref);
	stmt_int(s, 2, (int64_t)q->dot.n);
	stmt_int(s, 3, (int64_t)q->seq);
	stmt_text(s, 4, bytes_of(q->code));
	stmt_blob(s, 5, q->body);
	stmt_text(s, 6, bytes_of(q->reason));
	f = stmt_run(s);
	/* What was never to be written claims no index either: not every device
	 * has seen it. */
	if (f != NULL || strcmp(q->code, "after-cut") == 0)
		return f;
	return hold_claim(st, db_last_id(st->db), q->body);
}

fault
store_quarantine(struct store *st, const struct quarantined *q)
{
	fault f = db_begin(st->db);

	return f != NULL ? f : db_end(st->db, hold(st, q));
}

struct held {
	struct quarantined q;
	char		*code, *reason;
	struct buf	body;
};

/* The next one behind *at; *row: whether there is one. */
static fault
next_held(struct store *st, int64_t *at, struct held *h, bool *row)
{
	struct stmt *s = db_prepare(st->db, "SELECT at, d.id, n, seq, code, "
	    "body, reason FROM quarantine JOIN device d "
	    "ON d.ref = device WHERE at > ? ORDER BY at LIMIT 1");
	struct reader r;
	fault f;

	stmt_int(s, 1, *at);
	if ((f = stmt_step(s, row)) != NULL || !*row)
		return f;
	*at = stmt_get_int(s, 0);
	r = reader_of(stmt_get(s, 1));
	get_copy(&r, h->q.dot.device.b, WIRE_ID_LEN);
	h->q.dot.n = (uint64_t)stmt_get_int(s, 2);
	h->q.seq = (uint64_t)stmt_get_int(s, 3);
	h->q.code = h->code = bytes_dup(stmt_get(s, 4));
	buf_add_bytes(&h->body, stmt_get(s, 5));
	h->q.body = buf_view(&h->body);
	h->q.reason = h->reason = bytes_dup(stmt_get(s, 6));
	stmt_reset(s);
	return h->q.seq != 0 ? NULL :
	    store_carrier(st, &h->q.dot, &h->q.seq);
}

fault
store_each_quarantined(struct store *st,
    fault (*each)(void *arg, const struct quarantined *), void *arg)
{
	int64_t at = 0;
	bool row = true;
	fault f = NULL;

	while (f == NULL && row) {
		struct held h = { .code = NULL };

		if ((f = next_held(st, &at, &h, &row)) == NULL && row)
			f = each(arg, &h.q);
		free(h.code);
		free(h.reason);
		buf_free(&h.body);
	}
	return f;
}
