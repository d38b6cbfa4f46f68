/*
 * store_local -- what a change that is made here is given: counter, clock, and
 * the index of a new record.
 */
#include "fieldkit/store.h"

#include "fieldkit/store_own.h"
#include "sync/base/clock.h"

/*
 * The greatest counter of ours that any other place knows: a change that went
 * into quarantine, was erased, or that a commit carries, may be out there
 * under its dot.
 */
static fault
own_spent(struct store *st, uint64_t *n)
{
	struct stmt *s = db_prepare(st->db, "SELECT max("
	    "ifnull((SELECT max(n) FROM quarantine WHERE device = ?1), 0), "
	    "ifnull((SELECT max(n) FROM erased WHERE device = ?1), 0), "
	    "ifnull((SELECT last FROM carried WHERE device = ?1 "
	    "ORDER BY first DESC LIMIT 1), 0))");
	bool row;
	fault f;

	*n = 0;
	stmt_int(s, 1, st->self_ref);
	if ((f = stmt_step(s, &row)) == NULL && row)
		*n = (uint64_t)stmt_get_int(s, 0);
	stmt_reset(s);
	return f;
}

/* Counter and clock of our own newest change; zeros if there is none. */
static fault
own_last(struct store *st, uint64_t *n, uint64_t *clock)
{
	struct stmt *s = db_prepare(st->db, "SELECT n, body FROM change "
	    "WHERE device = ? ORDER BY n DESC LIMIT 1");
	struct change c = CHANGE_EMPTY;
	bool row;
	fault f;

	*n = *clock = 0;
	stmt_int(s, 1, st->self_ref);
	if ((f = stmt_step(s, &row)) != NULL || !row)
		return f;
	*n = (uint64_t)stmt_get_int(s, 0);
	if ((f = change_decode(&c, stmt_get(s, 1))) == NULL)
		*clock = c.clock;
	stmt_reset(s);
	change_free(&c);
	return f;
}

static fault
newest_of(struct store *st, const struct id *record, uint64_t *clock)
{
	struct stmt *s = db_prepare(st->db,
	    "SELECT newest FROM record WHERE id = ?");
	bool row;
	fault f;

	*clock = 0;
	stmt_blob(s, 1, (struct bytes){ record->b, sizeof record->b });
	if ((f = stmt_step(s, &row)) == NULL && row)
		*clock = (uint64_t)stmt_get_int(s, 0);
	stmt_reset(s);
	return f;
}

/* After all that it follows here: our last change, and the record's. */
fault
store_give_dot(struct store *st, struct change *c)
{
	uint64_t wall = clock_wall_ms(), n, spent, own, record;
	fault f;

	if ((f = own_last(st, &n, &own)) != NULL ||
	    (f = own_spent(st, &spent)) != NULL ||
	    (f = newest_of(st, &c->record, &record)) != NULL)
		return f;
	if (n < spent)
		n = spent;
	if (n >= WIRE_COUNTER_MAX)
		return fault_new(FAULT_INVALID, "this device has made all the "
		    "changes that one device can make; nothing was saved; "
		    "join again as a new device");
	c->dot = (struct dot){ st->self, n + 1 };
	st->last_clock = hlc_seen(st->last_clock, own, wall);
	st->last_clock = hlc_seen(st->last_clock, record, wall);
	st->last_clock = hlc_next(st->last_clock, wall);
	c->clock = st->last_clock;
	return NULL;
}

/*
 * Others may name any index of ours, so only what we made ourselves counts,
 * standing, aside or erased: the leaf of an erased one opens nothing again.
 */
static fault
index_last(struct store *st, int64_t *last)
{
	struct stmt *s = db_prepare(st->db, "SELECT max("
	    "ifnull((SELECT idx FROM record r WHERE creator = ?1 AND "
	    "EXISTS (SELECT 1 FROM change c WHERE c.record = r.id "
	    "AND +c.device = ?1) ORDER BY idx DESC LIMIT 1), 0), "
	    "ifnull((SELECT max(idx) FROM quarantine WHERE device = ?1 "
	    "AND +creator = ?1), 0), "
	    "ifnull((SELECT max(idx) FROM erased WHERE device = ?1 "
	    "AND creator = ?1), 0))");
	bool row;
	fault f;

	*last = 0;
	stmt_int(s, 1, st->self_ref);
	if ((f = stmt_step(s, &row)) == NULL && row)
		*last = stmt_get_int(s, 0);
	stmt_reset(s);
	return f;
}

fault
store_next_index(struct store *st, struct index *out)
{
	int64_t last;
	fault f = index_last(st, &last);

	if (f == NULL && last >= WIRE_INDEX_MAX)
		f = fault_new(FAULT_INVALID, "this device has made all the "
		    "records that one device can make; nothing was saved; "
		    "join again as a new device");
	if (f == NULL)
		*out = (struct index){ st->self, (uint32_t)last + 1 };
	return f;
}
