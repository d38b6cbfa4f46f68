/*
 * The index rule (WIRE.md 1): which index a record has and which record has
 * an index is a function of the set of changes known, standing or aside.
 *
 * What holds in the table between two arrivals: all changes of a record agree
 * on its index, and no two records have one index; so an arrival is weighed
 * against the one that stands, and quarantine is read only if none does.
 */
#include "fieldkit/store.h"

#include <stdlib.h>
#include <string.h>

#include "fieldkit/store_own.h"

#define NOT_ITS_INDEX "its index is not that of the record's creation"
#define NOT_GIVEN "its index was never given by this device"
#define ANOTHERS "its index is that of another record"

struct claim {
	struct index	index;		/* n = 0: none */
	bool		vouched;	/* by its creator */
};

static struct bytes
key(const struct id *id)
{
	return (struct bytes){ id->b, sizeof id->b };
}

static struct claim
claim_of(const struct change *c)
{
	return (struct claim){ c->index,
	    id_eq(&c->dot.device, &c->index.creator) };
}

/* All that this device created is here, so others cannot say what it did. */
static bool
counts(const struct store *st, const struct claim *c)
{
	return c->vouched || !id_eq(&c->index.creator, &st->self);
}

static bool
beats(const struct claim *a, const struct claim *b)
{
	int order = memcmp(a->index.creator.b, b->index.creator.b,
	    WIRE_ID_LEN);

	if (b->index.n == 0 || a->vouched != b->vouched)
		return b->index.n == 0 || a->vouched;
	return order != 0 ? order < 0 : a->index.n < b->index.n;
}

/* --- what is aside ------------------------------------------------------ */

/* Nearly always nothing; this reads only what give_dot reads anyway. */
static fault
any_aside(struct store *st, bool *any)
{
	struct stmt *s = db_prepare(st->db, "SELECT 1 FROM quarantine "
	    "INDEXED BY quarantine_dot LIMIT 1");
	fault f = stmt_step(s, any);

	stmt_reset(s);
	return f;
}

/* The best claim on a record that has none in the table. */
static fault
claim_aside(struct store *st, const struct id *record, struct claim *out)
{
	struct stmt *s = db_prepare(st->db, "SELECT d.id, q.idx, "
	    "q.device = q.creator FROM quarantine q JOIN device d "
	    "ON d.ref = q.creator WHERE q.record = ?1 AND code = 'corrupt' "
	    "AND (q.creator <> ?2 OR q.device = ?2) "
	    "ORDER BY q.device = q.creator DESC, d.id, q.idx LIMIT 1");
	struct reader r;
	bool row;
	fault f;

	*out = (struct claim){ .vouched = false };
	stmt_blob(s, 1, key(record));
	stmt_int(s, 2, st->self_ref);
	if ((f = stmt_step(s, &row)) != NULL || !row)
		return f;
	r = reader_of(stmt_get(s, 0));
	get_copy(&r, out->index.creator.b, WIRE_ID_LEN);
	out->index.n = (uint32_t)stmt_get_int(s, 1);
	out->vouched = stmt_get_int(s, 2) != 0;
	stmt_reset(s);
	return NULL;
}

/* The next change of the record that is aside with this index, and no more. */
static fault
take_aside(struct store *st, const struct id *record, int64_t creator,
    uint32_t n, struct buf *body)
{
	struct stmt *s = db_prepare(st->db, "SELECT at, body FROM quarantine "
	    "WHERE record = ? AND creator = ? AND idx = ? "
	    "AND code = 'corrupt' ORDER BY at LIMIT 1");
	int64_t at;
	bool row;
	fault f;

	buf_clear(body);
	stmt_blob(s, 1, key(record));
	stmt_int(s, 2, creator);
	stmt_int(s, 3, n);
	if ((f = stmt_step(s, &row)) != NULL || !row)
		return f;
	at = stmt_get_int(s, 0);
	buf_add_bytes(body, stmt_get(s, 1));
	stmt_reset(s);
	s = db_prepare(st->db, "DELETE FROM quarantine WHERE at = ?");
	stmt_int(s, 1, at);
	return stmt_run(s);
}

/* *moved is set if there was one. */
static fault
admit(struct store *st, const struct id *record, const struct index *index,
    bool *moved)
{
	struct buf body = BUF_EMPTY;
	int64_t creator;
	fault f = device_find(st->db, &index->creator, &creator);

	while (f == NULL && (f = take_aside(st, record, creator, index->n,
	    &body)) == NULL && body.len > 0) {
		*moved = true;
		f = store_admit(st, buf_view(&body));
	}
	buf_free(&body);
	return f;
}

/* --- out of the table --------------------------------------------------- */

/* Where the change is, and of which record; *row: whether it is there. */
static fault
place_of(struct store *st, const struct dot *dot, int64_t *pos,
    struct id *record, bool *row)
{
	struct stmt *s = db_prepare(st->db, "SELECT pos, record FROM change "
	    "WHERE device = (SELECT ref FROM device WHERE id = ?) AND n = ?");
	struct reader r;
	fault f;

	stmt_blob(s, 1, key(&dot->device));
	stmt_int(s, 2, (int64_t)dot->n);
	if ((f = stmt_step(s, row)) != NULL || !*row)
		return f;
	*pos = stmt_get_int(s, 0);
	r = reader_of(stmt_get(s, 1));
	get_copy(&r, record->b, WIRE_ID_LEN);
	stmt_reset(s);
	return NULL;
}

/*
 * The full-text index goes by positions: it must read again what is left of
 * the record, and no position may be given to another change, as SQLite does
 * with the greatest once it is free.  So the newest that is left of the
 * record moves up; else, if the greatest was left, the newest of all.
 */
static fault
move_up(struct store *st, const struct id *record, int64_t left)
{
	struct stmt *s = db_prepare(st->db, "UPDATE change SET "
	    "pos = 1 + max(?2, (SELECT max(pos) FROM change)) WHERE pos = "
	    "ifnull((SELECT max(pos) FROM change WHERE record = ?1), "
	    "(SELECT max(pos) FROM change)) AND (record = ?1 OR pos < ?2)");

	stmt_blob(s, 1, key(record));
	stmt_int(s, 2, left);
	return stmt_run(s);
}

fault
store_drop(struct store *st, const struct dot *dot)
{
	struct stmt *s;
	struct id record;
	int64_t pos = 0;
	bool row;
	fault f;

	if ((f = place_of(st, dot, &pos, &record, &row)) != NULL || !row)
		return f;
	store_batch_forget(st);
	s = db_prepare(st->db, "DELETE FROM change WHERE pos = ?");
	stmt_int(s, 1, pos);
	return (f = stmt_run(s)) != NULL ? f : move_up(st, &record, pos);
}

fault
store_row(struct store *st, const struct record *r)
{
	struct stmt *s;
	int64_t creator;
	fault f;

	if (r->nchanges > 0) {
		f = store_ref(st, &r->index.creator, &creator);
		return f != NULL ? f : record_row_put(st->db, r, creator);
	}
	s = db_prepare(st->db, "DELETE FROM record WHERE id = ?");
	stmt_blob(s, 1, key(&r->id));
	return stmt_run(s);
}

static fault
set_aside(struct store *st, const struct change *c, const char *reason)
{
	struct buf body = BUF_EMPTY;
	struct quarantined q = { .dot = c->dot, .code = "corrupt",
	    .reason = reason };
	fault f;

	change_encode(&body, c);
	q.body = buf_view(&body);
	if ((f = store_quarantine(st, &q)) == NULL)
		f = store_drop(st, &c->dot);
	buf_free(&body);
	return f;
}

/* All of r but what names `keep` and but c. */
static fault
evict(struct store *st, const struct record *r, const struct index *keep,
    const struct change *c, bool *moved)
{
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < r->nchanges; i++) {
		if (index_eq(&r->changes[i].index, keep) ||
		    dot_cmp(&r->changes[i].dot, &c->dot) == 0)
			continue;
		*moved = true;
		f = set_aside(st, &r->changes[i], NOT_ITS_INDEX);
	}
	return f;
}

static fault
evict_all(struct store *st, const struct id *id)
{
	struct record r, none = { .id = *id };
	fault f = record_load(&r, st->db, id);

	for (size_t i = 0; f == NULL && i < r.nchanges; i++)
		f = set_aside(st, &r.changes[i], ANOTHERS);
	record_free(&r);
	return f != NULL ? f : store_row(st, &none);
}

/* --- one index, one record ---------------------------------------------- */

/* The other record that stands with this index; *row: whether there is one. */
static fault
holder(struct store *st, const struct index *index, const struct id *but,
    struct id *id, bool *vouched, bool *row)
{
	struct stmt *s = db_prepare(st->db, "SELECT id, EXISTS (SELECT 1 "
	    "FROM change c WHERE c.record = r.id AND +c.device = r.creator) "
	    "FROM record r WHERE idx = ?2 AND id <> ?3 AND "
	    "creator = (SELECT ref FROM device WHERE id = ?1) LIMIT 1");
	struct reader r;
	fault f;

	stmt_blob(s, 1, key(&index->creator));
	stmt_int(s, 2, index->n);
	stmt_blob(s, 3, key(but));
	if ((f = stmt_step(s, row)) != NULL || !*row)
		return f;
	r = reader_of(stmt_get(s, 0));
	get_copy(&r, id->b, WIRE_ID_LEN);
	*vouched = stmt_get_int(s, 1) != 0;
	stmt_reset(s);
	return NULL;
}

/* Vouched first, then the lowest. */
static bool
before(const struct id *a, bool a_vouched, const struct id *b, bool b_vouched)
{
	return a_vouched != b_vouched ? a_vouched :
	    memcmp(a->b, b->b, WIRE_ID_LEN) < 0;
}

/* May the record have the index it claims?  Then no other keeps it. */
static fault
contest(struct store *st, const struct id *record, const struct claim *claim,
    bool *won)
{
	struct id other;
	bool vouched = false, row = false;
	fault f = holder(st, &claim->index, record, &other, &vouched, &row);

	*won = f == NULL &&
	    (!row || before(record, claim->vouched, &other, vouched));
	return f == NULL && row && *won ? evict_all(st, &other) : f;
}

/* The next record behind *at that claims the index, from aside. */
static fault
next_claimer(struct store *st, const struct index *index, struct id *at,
    bool *row)
{
	struct stmt *s = db_prepare(st->db, "SELECT min(record) "
	    "FROM quarantine WHERE record > ?1 AND idx = ?2 AND "
	    "code = 'corrupt' AND NOT EXISTS (SELECT 1 FROM change c "
	    "WHERE c.record = quarantine.record) AND "
	    "creator = (SELECT ref FROM device WHERE id = ?3)");
	struct reader r;
	fault f;

	stmt_blob(s, 1, key(at));
	stmt_int(s, 2, index->n);
	stmt_blob(s, 3, key(&index->creator));
	if ((f = stmt_step(s, row)) != NULL)
		return f;
	*row = *row && !stmt_get_null(s, 0);
	if (*row) {
		r = reader_of(stmt_get(s, 0));
		get_copy(&r, at->b, WIRE_ID_LEN);
	}
	stmt_reset(s);
	return NULL;
}

static fault
enter(struct store *st, const struct id *record, const struct index *index)
{
	struct record r = { .nchanges = 0 };
	bool moved;
	fault f;

	if ((f = admit(st, record, index, &moved)) == NULL &&
	    (f = record_load(&r, st->db, record)) == NULL)
		f = store_row(st, &r);
	record_free(&r);
	return f;
}

/* A record has left this index: who comes next? */
static fault
inherit(struct store *st, const struct index *index)
{
	struct id at = { { 0 } }, best;
	struct claim claim;
	bool row = true, any = false, vouched = false;
	fault f;

	while ((f = next_claimer(st, index, &at, &row)) == NULL && row) {
		if ((f = claim_aside(st, &at, &claim)) != NULL)
			return f;
		if (!index_eq(&claim.index, index) || (any &&
		    !before(&at, claim.vouched, &best, vouched)))
			continue;
		best = at;
		vouched = claim.vouched;
		any = true;
	}
	return f == NULL && any ? enter(st, &best, index) : f;
}

/* --- one record, one index ---------------------------------------------- */

/* What the record stood on, or claimed from aside, before c came. */
static fault
claim_before(struct store *st, const struct record *r,
    const struct change *c, bool aside, struct claim *out, bool *standing)
{
	*out = (struct claim){ .vouched = false };
	*standing = false;
	for (size_t i = 0; i < r->nchanges; i++) {
		struct claim claim = claim_of(&r->changes[i]);

		if (dot_cmp(&r->changes[i].dot, &c->dot) == 0 ||
		    !counts(st, &claim))
			continue;
		*standing = true;
		if (beats(&claim, out))
			*out = claim;
	}
	return *standing || !aside ? NULL : claim_aside(st, &r->id, out);
}

/* c makes its own index that of its record. */
static fault
take_over(struct store *st, const struct record *r, const struct change *c,
    const struct claim *claim, struct settled *out)
{
	bool won;
	fault f;

	if ((f = contest(st, &r->id, claim, &won)) != NULL)
		return f;
	if (!won)
		out->wrong = ANOTHERS;
	f = evict(st, r, &claim->index, c, &out->moved);
	/* What has been put aside just now is of another index. */
	if (f != NULL || !won || !out->aside)
		return f;
	return admit(st, &r->id, &claim->index, &out->moved);
}

fault
store_settle(struct store *st, const struct record *r,
    const struct change *c, struct settled *out)
{
	struct claim new = claim_of(c), old;
	bool standing;
	fault f;

	*out = (struct settled){ .wrong = NULL };
	if ((f = any_aside(st, &out->aside)) != NULL ||
	    (f = claim_before(st, r, c, out->aside, &old, &standing)) != NULL)
		return f;
	if (index_eq(&old.index, &new.index)) {
		if (standing)
			return NULL;
		new.vouched |= old.vouched;
	} else if (!counts(st, &new) || !beats(&new, &old)) {
		out->wrong = counts(st, &new) ? NOT_ITS_INDEX : NOT_GIVEN;
		return NULL;
	}
	if ((f = take_over(st, r, c, &new, out)) != NULL || !standing)
		return f;
	/* Its row still tells the index that it has left. */
	return out->aside ? inherit(st, &old.index) : NULL;
}
