#include "fieldkit/store_erase.h"

#include "fieldkit/search.h"
#include "fieldkit/store_own.h"

/* What claims nothing (held since version 1, or not to be decoded) goes if
 * the record's id is anywhere in it. */
#define ASIDE "(record = ?1 OR (record IS NULL AND instr(body, ?1) > 0))"

static struct stmt *
about(struct store *st, const char *sql, const struct id *record)
{
	struct stmt *s = db_prepare(st->db, sql);

	stmt_blob(s, 1, (struct bytes){ record->b, sizeof record->b });
	return s;
}

/* Add what the question answers to *n. */
static fault
count(struct stmt *s, size_t *n)
{
	bool row;
	fault f = stmt_step(s, &row);

	if (f == NULL && row)
		*n += (size_t)stmt_get_int(s, 0);
	stmt_reset(s);
	return f;
}

static fault
count_changes(struct store *st, const struct id *record,
    struct erase_count *c)
{
	struct stmt *s = about(st, "SELECT count(*) FROM change c "
	    "WHERE record = ?1 AND device = ?2 AND NOT EXISTS "
	    "(SELECT 1 FROM carried r WHERE r.device = c.device "
	    "AND c.n BETWEEN r.first AND r.last)", record);
	fault f;

	stmt_int(s, 2, st->self_ref);
	if ((f = count(s, &c->unsealed)) != NULL ||
	    (f = count(about(st, "SELECT count(*) FROM change "
	    "WHERE record = ?1", record), &c->changes)) != NULL)
		return f;
	return count(about(st, "SELECT count(*) FROM quarantine WHERE " ASIDE,
	    record), &c->changes);
}

/* The names of its changes: no counter and no index is given twice. */
static fault
keep_names(struct store *st, const struct id *record)
{
	fault f = stmt_run(about(st, "INSERT OR IGNORE INTO erased "
	    "SELECT c.device, c.n, c.record, ifnull(r.creator, 0), "
	    "ifnull(r.idx, 0) FROM change c LEFT JOIN record r "
	    "ON r.id = c.record WHERE c.record = ?1", record));

	return f != NULL ? f : stmt_run(about(st, "INSERT OR IGNORE INTO "
	    "erased SELECT device, n, ?1, ifnull(creator, 0), ifnull(idx, 0) "
	    "FROM quarantine WHERE " ASIDE, record));
}

static fault
put_tombstone(struct store *st, const struct erasure *e)
{
	struct stmt *s;
	int64_t by;
	fault f;

	if ((f = device_ref(st->db, &e->by, &by)) != NULL)
		return f;
	s = about(st, "INSERT INTO tombstone SELECT ?1, CASE "
	    "WHEN length(?2) > 0 THEN ?2 ELSE ifnull((SELECT type FROM record "
	    "WHERE id = ?1), ?2) END, ?3, ?4, ?5, ?6, ?7, 0, 1 "
	    "WHERE NOT EXISTS (SELECT 1 FROM tombstone WHERE record = ?1)",
	    &e->record);
	stmt_blob(s, 2, e->type);
	stmt_int(s, 3, (int64_t)(e->time & INT64_MAX));
	stmt_int(s, 4, by);
	stmt_int(s, 5, (int64_t)e->seq);
	stmt_blob(s, 6, e->reason);
	stmt_blob(s, 7, e->basis);
	return stmt_run(s);
}

static fault
delete(struct store *st, const struct id *record)
{
	static const char *const sql[] = {
		"DELETE FROM change WHERE record = ?1",
		("DELETE FROM quarantine WHERE " ASIDE),
		"DELETE FROM draft WHERE id = ?1 OR instr(body, ?1) > 0",
		"DELETE FROM record WHERE id = ?1",
		"UPDATE tombstone SET remains = 1 WHERE record = ?1"
	};
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < sizeof sql / sizeof *sql; i++)
		f = stmt_run(about(st, sql[i], record));
	return f;
}

static fault
erase_one(struct store *st, const struct erasure *e, struct erase_count *c)
{
	size_t before = c->changes, drafts = 0;
	bool known;
	fault f;

	if ((f = store_is_erased(st, &e->record, &known)) != NULL ||
	    (f = count_changes(st, &e->record, c)) != NULL ||
	    (f = count(about(st, "SELECT count(*) FROM draft WHERE id = ?1 "
	    "OR instr(body, ?1) > 0", &e->record), &drafts)) != NULL)
		return f;
	if (known && c->changes == before && drafts == 0)
		return NULL;
	c->records += c->changes > before;
	if ((f = keep_names(st, &e->record)) != NULL ||
	    (f = put_tombstone(st, e)) != NULL)
		return f;
	return delete(st, &e->record);
}

/*
 * The index has no texts, so its words cannot be taken out one record at a
 * time; and its rows are named by positions, which SQLite gives again once
 * the newest changes are gone.  So it is made anew, in the same transaction.
 */
static fault
forget_words(struct store *st)
{
	fault f = search_start(st->db);

	return f != NULL ? f : search_rebuild(st);
}

fault
store_erase(struct store *st, const struct erasure *e, size_t n,
    struct erase_count *out)
{
	struct erase_count c = { 0, 0, 0 };
	fault f;

	if ((f = db_begin(st->db)) != NULL)
		return f;
	for (size_t i = 0; f == NULL && i < n; i++)
		f = erase_one(st, &e[i], &c);
	if (f == NULL && c.changes > 0)
		f = forget_words(st);
	if ((f = db_end(st->db, f)) == NULL)
		*out = c;
	return f;
}
