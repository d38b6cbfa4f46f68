/*
 * store_list -- every record in turn, those in conflict, and how many there are.
 */
#include "fieldkit/store.h"

#include <stdlib.h>

#include "fieldkit/store_own.h"

/* Records read in one transaction, before the caller gets them. */
#define BATCH 128

fault
store_record(struct store *st, struct record *out, const struct id *id)
{
	char hex[ID_HEX];
	bool erased;
	fault f = record_load(out, st->db, id);

	if (f != NULL || out->nchanges > 0 ||
	    (f = store_is_erased(st, id, &erased)) != NULL)
		return f;
	f = erased ? store_erased_fault(id) : fault_new(FAULT_ABSENT,
	    "there is no record %s here; 'fieldkit list' shows those that are",
	    id_hex(hex, id));
	return f;
}

/* --- many records ------------------------------------------------------- */

struct ids {
	struct id	*at;
	size_t		n;
};

static fault
ids_read(struct ids *ids, struct stmt *s)
{
	bool row;
	fault f;

	while ((f = stmt_step(s, &row)) == NULL && row) {
		struct reader r = reader_of(stmt_get(s, 0));

		if ((ids->n & (ids->n - 1)) == 0)
			ids->at = mem_grow(ids->at,
			    (ids->n == 0 ? 1 : ids->n * 2) * sizeof *ids->at);
		get_copy(&r, ids->at[ids->n++].b, WIRE_ID_LEN);
	}
	stmt_reset(s);
	return f;
}

static fault
load_batch(struct store *st, struct record *batch, const struct id *ids,
    size_t n)
{
	fault f;

	if ((f = db_begin_read(st->db)) != NULL)
		return f;
	for (size_t i = 0; f == NULL && i < n; i++)
		f = record_load(&batch[i], st->db, &ids[i]);
	return db_end(st->db, f);
}

/* One that was erased since its id was read is passed over. */
static fault
each_record(struct store *st, const struct ids *ids,
    fault (*each)(void *arg, struct record *), void *arg)
{
	struct record *batch = mem_new(BATCH * sizeof *batch);
	fault f = NULL;

	for (size_t at = 0, n; f == NULL && at < ids->n; at += n) {
		n = ids->n - at < BATCH ? ids->n - at : BATCH;
		f = load_batch(st, batch, ids->at + at, n);
		for (size_t i = 0; f == NULL && i < n; i++)
			if (batch[i].nchanges > 0)
				f = each(arg, &batch[i]);
		for (size_t i = 0; i < n; i++)
			record_free(&batch[i]);
	}
	free(batch);
	return f;
}

fault
store_each(struct store *st, struct bytes type, bool all,
    fault (*each)(void *arg, struct record *), void *arg)
{
	struct stmt *s = db_prepare(st->db, "SELECT id FROM record "
	    "WHERE (?1 OR NOT withdrawn) AND (?2 IS NULL OR type = ?2) "
	    "ORDER BY newest DESC, id");
	struct ids ids = { NULL, 0 };
	fault f;

	stmt_int(s, 1, all);
	if (type.len == 0)
		stmt_null(s, 2);
	else
		stmt_blob(s, 2, type);
	if ((f = ids_read(&ids, s)) == NULL)
		f = each_record(st, &ids, each, arg);
	free(ids.at);
	return f;
}

fault
store_conflicts(struct store *st, fault (*each)(void *arg, struct record *),
    void *arg)
{
	struct stmt *s = db_prepare(st->db, "SELECT id FROM record "
	    "WHERE conflicts > 0 ORDER BY id");
	struct ids ids = { NULL, 0 };
	fault f;

	if ((f = ids_read(&ids, s)) == NULL)
		f = each_record(st, &ids, each, arg);
	free(ids.at);
	return f;
}

/* --- counts ------------------------------------------------------------- */

static fault
count(struct store *st, const char *sql, uint64_t *n)
{
	struct stmt *s = db_prepare(st->db, sql);
	bool row;
	fault f = stmt_step(s, &row);

	*n = f == NULL && row ? (uint64_t)stmt_get_int(s, 0) : 0;
	stmt_reset(s);
	return f;
}

fault
store_count(struct store *st, struct store_counts *out)
{
	struct store_counts c = { 0 };
	fault f;

	if ((f = count(st, "SELECT count(*) FROM record WHERE NOT withdrawn",
	    &c.records)) != NULL ||
	    (f = count(st, "SELECT count(*) FROM change",
	    &c.changes)) != NULL ||
	    (f = count(st, "SELECT count(*) FROM record WHERE conflicts > 0",
	    &c.conflicts)) != NULL ||
	    (f = count(st, "SELECT count(*) FROM quarantine",
	    &c.quarantined)) != NULL ||
	    (f = store_unsealed_count(st, &c.unsealed)) != NULL)
		return f;
	*out = c;
	return NULL;
}

/* --- rebuild ------------------------------------------------------------ */

static fault
remake_rows(struct store *st, const struct ids *ids)
{
	struct record r;
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < ids->n; i++) {
		if ((f = record_load(&r, st->db, &ids->at[i])) != NULL)
			return f;
		f = store_row(st, &r);
		record_free(&r);
	}
	return f;
}

fault
store_rebuild(struct store *st)
{
	struct ids ids = { NULL, 0 };
	fault f;

	if ((f = db_begin(st->db)) != NULL)
		return f;
	if ((f = db_exec(st->db, "DELETE FROM record")) == NULL &&
	    (f = ids_read(&ids, db_prepare(st->db,
	    "SELECT DISTINCT record FROM change ORDER BY record"))) == NULL)
		f = remake_rows(st, &ids);
	free(ids.at);
	return db_end(st->db, f);
}
