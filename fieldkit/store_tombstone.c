/*
 * store_tombstone -- what is known of an erased record: that it was, when, by
 * whom and why; and what comes to it later is dropped and counted.
 */
#include "fieldkit/store.h"

#include <stdlib.h>

#include "fieldkit/store_own.h"

static struct bytes
key(const struct id *id)
{
	return (struct bytes){ id->b, sizeof id->b };
}

fault
store_is_erased(struct store *st, const struct id *record, bool *yes)
{
	struct stmt *s = db_prepare(st->db,
	    "SELECT 1 FROM tombstone WHERE record = ?");
	fault f;

	stmt_blob(s, 1, key(record));
	f = stmt_step(s, yes);
	stmt_reset(s);
	return f;
}

/* --- what comes too late ------------------------------------------------ */

/* Once by its name, however often it comes. */
static fault
count_late(struct store *st, const struct change *c, int64_t device)
{
	struct stmt *s = db_prepare(st->db, "UPDATE tombstone SET "
	    "dropped = dropped + 1 WHERE record = ?1 AND NOT EXISTS "
	    "(SELECT 1 FROM erased WHERE device = ?2 AND n = ?3 "
	    "AND record = ?1)");

	stmt_blob(s, 1, key(&c->record));
	stmt_int(s, 2, device);
	stmt_int(s, 3, (int64_t)c->dot.n);
	return stmt_run(s);
}

fault
store_drop_late(struct store *st, const struct change *c, bool *erased)
{
	int64_t device, creator;
	struct stmt *s;
	fault f;

	if ((f = store_is_erased(st, &c->record, erased)) != NULL || !*erased)
		return f;
	if ((f = device_ref(st->db, &c->dot.device, &device)) != NULL ||
	    (f = device_ref(st->db, &c->index.creator, &creator)) != NULL ||
	    (f = count_late(st, c, device)) != NULL)
		return f;
	s = db_prepare(st->db, "INSERT OR IGNORE INTO erased "
	    "VALUES(?, ?, ?, ?, ?)");
	stmt_int(s, 1, device);
	stmt_int(s, 2, (int64_t)c->dot.n);
	stmt_blob(s, 3, key(&c->record));
	stmt_int(s, 4, creator);
	stmt_int(s, 5, c->index.n);
	return stmt_run(s);
}

fault
store_erased_fault(const struct id *record)
{
	char hex[ID_HEX];

	return fault_new(FAULT_ERASED, "record %s was erased; nothing of it is "
	    "here, and what comes to it is dropped", id_hex(hex, record));
}

/* --- reading ------------------------------------------------------------ */

static void
read_row(struct tombstone *t, struct stmt *s)
{
	struct reader r = reader_of(stmt_get(s, 0));

	get_copy(&r, t->by.b, sizeof t->by.b);
	t->time = (uint64_t)stmt_get_int(s, 1);
	t->seq = (uint64_t)stmt_get_int(s, 2);
	t->dropped = (uint64_t)stmt_get_int(s, 3);
	t->remains = stmt_get_int(s, 4) != 0;
	t->type = bytes_dup(stmt_get(s, 5));
	t->reason = bytes_dup(stmt_get(s, 6));
	t->basis = bytes_dup(stmt_get(s, 7));
}

fault
store_tombstone(struct store *st, const struct id *record,
    struct tombstone *out)
{
	struct stmt *s = db_prepare(st->db, "SELECT d.id, time, seq, dropped, "
	    "remains, type, reason, basis FROM tombstone "
	    "JOIN device d ON d.ref = device WHERE record = ?");
	char hex[ID_HEX];
	bool row;
	fault f;

	*out = (struct tombstone){ .record = *record };
	stmt_blob(s, 1, key(record));
	if ((f = stmt_step(s, &row)) != NULL)
		return f;
	if (!row)
		return fault_new(FAULT_ABSENT, "record %s was not erased",
		    id_hex(hex, record));
	read_row(out, s);
	stmt_reset(s);
	return NULL;
}

void
tombstone_free(struct tombstone *t)
{
	free(t->type);
	free(t->reason);
	free(t->basis);
	*t = (struct tombstone){ .type = NULL };
}

/* --- what the database still holds -------------------------------------- */

fault
store_remains(struct store *st, uint64_t *n)
{
	struct stmt *s = db_prepare(st->db,
	    "SELECT count(*) FROM tombstone WHERE remains");
	bool row;
	fault f = stmt_step(s, &row);

	*n = f == NULL && row ? (uint64_t)stmt_get_int(s, 0) : 0;
	stmt_reset(s);
	return f;
}

fault
store_rewritten(struct store *st)
{
	return stmt_run(db_prepare(st->db,
	    "UPDATE tombstone SET remains = 0 WHERE remains"));
}
