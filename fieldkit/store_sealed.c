/*
 * store_sealed -- which commit carries which change, and what none carries yet.
 */
#include "fieldkit/store.h"

#include <stdlib.h>
#include <string.h>

struct run {			/* of counters */
	uint64_t	first, last;
};

/* --- which commit carries what ------------------------------------------- */

/* The last run that begins at or before n; zeros if there is none. */
static fault
run_at(struct store *st, int64_t device, uint64_t n, uint64_t *last,
    uint64_t *seq)
{
	struct stmt *s = db_prepare(st->db, "SELECT last, seq FROM carried "
	    "WHERE device = ? AND first <= ? ORDER BY first DESC LIMIT 1");
	bool row;
	fault f;

	*last = *seq = 0;
	stmt_int(s, 1, device);
	stmt_int(s, 2, (int64_t)n);
	if ((f = stmt_step(s, &row)) != NULL || !row)
		return f;
	*last = (uint64_t)stmt_get_int(s, 0);
	*seq = (uint64_t)stmt_get_int(s, 1);
	stmt_reset(s);
	return NULL;
}

/* Runs within this one were said before, in pieces. */
static fault
put_run(struct store *st, int64_t device, uint64_t seq, const struct run *run)
{
	struct stmt *s = db_prepare(st->db, "DELETE FROM carried WHERE "
	    "device = ? AND first BETWEEN ? AND ? AND last <= ?");
	fault f;

	stmt_int(s, 1, device);
	stmt_int(s, 2, (int64_t)run->first);
	stmt_int(s, 3, (int64_t)run->last);
	stmt_int(s, 4, (int64_t)run->last);
	if ((f = stmt_run(s)) != NULL)
		return f;
	s = db_prepare(st->db, "INSERT OR REPLACE INTO carried "
	    "VALUES(?, ?, ?, ?)");
	stmt_int(s, 1, device);
	stmt_int(s, 2, (int64_t)run->first);
	stmt_int(s, 3, (int64_t)run->last);
	stmt_int(s, 4, (int64_t)seq);
	return stmt_run(s);
}

fault
store_carried(struct store *st, const struct id *device, uint64_t seq,
    uint64_t first, uint64_t last)
{
	struct run run = { first, last };
	uint64_t known, by;
	int64_t ref;
	fault f;

	if ((f = db_begin(st->db)) != NULL)
		return f;
	if ((f = device_ref(st->db, device, &ref)) == NULL &&
	    (f = run_at(st, ref, first, &known, &by)) == NULL && known < last)
		f = put_run(st, ref, seq, &run);
	return db_end(st->db, f);
}

fault
store_carrier(struct store *st, const struct dot *dot, uint64_t *seq)
{
	uint64_t last;
	int64_t ref;
	fault f;

	*seq = 0;
	if ((f = device_find(st->db, &dot->device, &ref)) != NULL || ref == 0)
		return f;
	f = run_at(st, ref, dot->n, &last, seq);
	if (last < dot->n)
		*seq = 0;
	return f;
}

/* --- what no commit carries yet ----------------------------------------- */

struct unsealed {
	struct run	*gaps;		/* between the carried runs */
	size_t		ngaps;
	size_t		*ends;		/* of the bodies in text */
	size_t		n;
};

static void
add_gap(struct unsealed *u, uint64_t first, uint64_t last)
{
	if (first > last)
		return;
	if ((u->ngaps & (u->ngaps - 1)) == 0)
		u->gaps = mem_grow(u->gaps,
		    (u->ngaps == 0 ? 1 : u->ngaps * 2) * sizeof *u->gaps);
	u->gaps[u->ngaps++] = (struct run){ first, last };
}

/* Only the runs are read, not the sealed past itself. */
static fault
read_gaps(struct store *st, struct unsealed *u)
{
	struct stmt *s = db_prepare(st->db, "SELECT first, last FROM carried "
	    "WHERE device = ? ORDER BY first");
	uint64_t next = 1, last;
	bool row;
	fault f;

	stmt_int(s, 1, st->self_ref);
	while ((f = stmt_step(s, &row)) == NULL && row) {
		add_gap(u, next, (uint64_t)stmt_get_int(s, 0) - 1);
		last = (uint64_t)stmt_get_int(s, 1);
		if (last >= next)
			next = last + 1;
	}
	add_gap(u, next, WIRE_COUNTER_MAX);
	stmt_reset(s);
	return f;
}

static fault
read_bodies(struct store *st, struct unsealed *u, const struct run *gap,
    struct buf *text)
{
	struct stmt *s = db_prepare(st->db, "SELECT body FROM change "
	    "WHERE device = ? AND n BETWEEN ? AND ? ORDER BY n");
	bool row;
	fault f;

	stmt_int(s, 1, st->self_ref);
	stmt_int(s, 2, (int64_t)gap->first);
	stmt_int(s, 3, (int64_t)gap->last);
	while ((f = stmt_step(s, &row)) == NULL && row) {
		buf_add_bytes(text, stmt_get(s, 0));
		if ((u->n & (u->n - 1)) == 0)
			u->ends = mem_grow(u->ends,
			    (u->n == 0 ? 1 : u->n * 2) * sizeof *u->ends);
		u->ends[u->n++] = text->len;
	}
	stmt_reset(s);
	return f;
}

static bool
urgent(const struct change *c)
{
	for (size_t i = 0; i < c->nfields; i++)
		if (bytes_is(c->fields[i].name, "urgent") &&
		    c->fields[i].nval > 0 && c->fields[i].val[0].len > 0 &&
		    !bytes_is(c->fields[i].val[0], "false"))
			return true;
	return false;
}

/* Decode all; the urgent ones move to the front, both halves by n. */
static fault
decode(struct change *out, const struct unsealed *u, struct bytes text)
{
	struct change *rest = mem_new(u->n * sizeof *rest), c;
	size_t nfront = 0, nrest = 0, at = 0;
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < u->n; at = u->ends[i++]) {
		f = change_decode(&c,
		    (struct bytes){ text.at + at, u->ends[i] - at });
		if (f != NULL)
			break;
		if (urgent(&c))
			out[nfront++] = c;
		else
			rest[nrest++] = c;
	}
	memcpy(out + nfront, rest, nrest * sizeof *rest);
	for (size_t i = 0; f != NULL && i < nfront + nrest; i++)
		change_free(&out[i]);
	free(rest);
	return f;
}

fault
store_unsealed(struct store *st, struct change **out, size_t *n,
    struct buf *text)
{
	struct unsealed u = { .n = 0 };
	struct change *list;
	fault f;

	if ((f = db_begin_read(st->db)) != NULL)
		return f;
	f = read_gaps(st, &u);
	for (size_t i = 0; f == NULL && i < u.ngaps; i++)
		f = read_bodies(st, &u, &u.gaps[i], text);
	if ((f = db_end(st->db, f)) != NULL)
		goto done;
	list = mem_new(u.n * sizeof *list);
	if ((f = decode(list, &u, buf_view(text))) != NULL) {
		free(list);
		goto done;
	}
	*out = list;
	*n = u.n;
done:
	free(u.gaps);
	free(u.ends);
	return f;
}

static fault
count_gap(struct store *st, const struct run *gap, uint64_t *n)
{
	struct stmt *s = db_prepare(st->db, "SELECT count(*) FROM change "
	    "WHERE device = ? AND n BETWEEN ? AND ?");
	bool row;
	fault f;

	stmt_int(s, 1, st->self_ref);
	stmt_int(s, 2, (int64_t)gap->first);
	stmt_int(s, 3, (int64_t)gap->last);
	if ((f = stmt_step(s, &row)) == NULL && row)
		*n += (uint64_t)stmt_get_int(s, 0);
	stmt_reset(s);
	return f;
}

fault
store_unsealed_count(struct store *st, uint64_t *n)
{
	struct unsealed u = { .n = 0 };
	fault f;

	*n = 0;
	if ((f = db_begin_read(st->db)) != NULL)
		return f;
	f = read_gaps(st, &u);
	for (size_t i = 0; f == NULL && i < u.ngaps; i++)
		f = count_gap(st, &u.gaps[i], n);
	free(u.gaps);
	return db_end(st->db, f);
}

fault
store_clashes(struct store *st, const struct change *c, bool *yes)
{
	struct stmt *s = db_prepare(st->db, "SELECT body FROM change "
	    "WHERE device = (SELECT ref FROM device WHERE id = ?) AND n = ?");
	struct buf body = BUF_EMPTY;
	fault f;

	stmt_blob(s, 1, (struct bytes){ c->dot.device.b, WIRE_ID_LEN });
	stmt_int(s, 2, (int64_t)c->dot.n);
	if ((f = stmt_step(s, yes)) == NULL && *yes) {
		change_encode(&body, c);
		*yes = !bytes_eq(stmt_get(s, 0), buf_view(&body));
	}
	stmt_reset(s);
	buf_free(&body);
	return f;
}
