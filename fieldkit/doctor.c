#include "fieldkit/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sync/base/lang.h"

/* More lines than a person reads: the first ones tell what it is. */
#define LINES_MAX 100

static void say_line(struct doctor *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
say_line(struct doctor *d, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (d->n == LINES_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, say(fmt), ap);
	va_end(ap);
	d->lines = mem_grow(d->lines, (d->n + 1) * sizeof *d->lines);
	d->lines[d->n++] = mem_text(text);
}

void
doctor_free(struct doctor *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->lines[i]);
	free(d->lines);
	*d = (struct doctor){ NULL, 0 };
}

/* A fault that says what is wrong with the store is a line. */
static fault
as_line(struct doctor *d, fault f)
{
	if (f == NULL || f->code != FAULT_TRUST)
		return f;
	say_line(d, "%s", f->text);
	return NULL;
}

/* --- every change ------------------------------------------------------- */

/* The row at hand: pos, device id, n, record, body. */
static void
check_change(struct doctor *d, struct stmt *s)
{
	struct change c = CHANGE_EMPTY;
	struct buf again = BUF_EMPTY;
	long long pos = stmt_get_int(s, 0);
	struct bytes body = stmt_get(s, 4);

	if (change_decode(&c, body) != NULL || change_check(&c) != NULL) {
		say_line(d, "change at position %lld does not decode", pos);
		goto done;
	}
	change_encode(&again, &c);
	if (!bytes_eq(buf_view(&again), body))
		say_line(d, "change at position %lld is not in its one form",
		    pos);
	if (!bytes_eq(stmt_get(s, 1),
	    (struct bytes){ c.dot.device.b, WIRE_ID_LEN }) ||
	    (uint64_t)stmt_get_int(s, 2) != c.dot.n ||
	    !bytes_eq(stmt_get(s, 3),
	    (struct bytes){ c.record.b, WIRE_ID_LEN }))
		say_line(d, "change at position %lld stands under another "
		    "name or record", pos);
done:
	change_free(&c);
	buf_free(&again);
}

static fault
check_changes(struct doctor *d, struct store *st)
{
	struct stmt *s = db_prepare(st->db, "SELECT pos, d.id, n, record, body "
	    "FROM change LEFT JOIN device d ON d.ref = device ORDER BY pos");
	bool row;
	fault f;

	while ((f = stmt_step(s, &row)) == NULL && row)
		check_change(d, s);
	stmt_reset(s);
	return f;
}

/* --- every record ------------------------------------------------------- */

static void
check_indexes(struct doctor *d, const struct record *r)
{
	char hex[ID_HEX];

	for (size_t i = 1; i < r->nchanges; i++)
		if (!index_eq(&r->changes[i].index, &r->changes[0].index)) {
			say_line(d, "record %s has more than one index",
			    id_hex(hex, &r->id));
			return;
		}
}

static fault
check_record(struct doctor *d, struct store *st, const struct id *id)
{
	struct record r;
	char hex[ID_HEX];
	bool same = false;
	fault f;

	if ((f = record_load(&r, st->db, id)) != NULL)
		return as_line(d, f);
	check_indexes(d, &r);
	f = record_row_check(st->db, &r, &same);
	if (f == NULL && !same)
		say_line(d, "record %s is not listed as its changes make it; "
		    "'fieldkit doctor --rebuild' mends that",
		    id_hex(hex, id));
	record_free(&r);
	return f;
}

static fault
check_records(struct doctor *d, struct store *st)
{
	struct stmt *s;
	struct id id = { { 0 } };
	struct reader r;
	bool row = true;
	fault f = NULL;

	while (f == NULL) {
		s = db_prepare(st->db, "SELECT record FROM change "
		    "WHERE record > ? ORDER BY record LIMIT 1");
		stmt_blob(s, 1, (struct bytes){ id.b, sizeof id.b });
		if ((f = stmt_step(s, &row)) != NULL || !row)
			break;
		r = reader_of(stmt_get(s, 0));
		get_copy(&r, id.b, sizeof id.b);
		stmt_reset(s);
		f = check_record(d, st, &id);
	}
	return f;
}

/* --- counters and positions --------------------------------------------- */

/* A question whose answer should be 0; the line gets the answer. */
static fault
check_none(struct doctor *d, struct store *st, const char *sql,
    const char *line)
{
	struct stmt *s = db_prepare(st->db, sql);
	bool row;
	long long n;
	fault f;

	stmt_int(s, 1, st->self_ref);
	if ((f = stmt_step(s, &row)) != NULL || !row)
		return f;
	n = stmt_get_int(s, 0);
	stmt_reset(s);
	if (n != 0)
		say_line(d, line, n);
	return NULL;
}

static const struct {
	const char	*sql, *line;
} questions[] = {
	{ "SELECT count(*) FROM record WHERE ?1 AND NOT EXISTS "
	  "(SELECT 1 FROM change WHERE change.record = record.id)",
	  "%lld listed records have no change; 'fieldkit doctor --rebuild' "
	  "mends that" },
	{ "SELECT ifnull(max(n), 0) - count(*) FROM "
	  "(SELECT n FROM change WHERE device = ?1 UNION "
	  "SELECT n FROM quarantine WHERE device = ?1 UNION "
	  "SELECT n FROM erased WHERE device = ?1)",
	  "%lld changes of this device are missing" },
	{ "SELECT count(*) - count(DISTINCT idx) FROM record "
	  "WHERE creator = ?1",
	  "%lld records of this device share their index with another" },
	{ "SELECT count(*) FROM carried WHERE ?1 AND (first > last OR NOT "
	  "EXISTS (SELECT 1 FROM device WHERE ref = carried.device))",
	  "%lld notes of what a commit carries make no sense" },
	{ "SELECT count(*) FROM carried WHERE device = ?1 AND last > "
	  "(SELECT ifnull(max(n), 0) FROM "
	  "(SELECT n FROM change WHERE device = ?1 UNION ALL "
	  "SELECT n FROM quarantine WHERE device = ?1 UNION ALL "
	  "SELECT n FROM erased WHERE device = ?1))",
	  "%lld commits of this device carry changes that are not here" },
	{ "SELECT count(*) FROM carried a JOIN carried b ON "
	  "a.device = b.device AND b.first BETWEEN a.first + 1 AND a.last "
	  "WHERE ?1",
	  "%lld changes are noted in two commits" },
	{ "SELECT (SELECT count(*) FROM change JOIN tombstone USING (record)) "
	  "+ (SELECT count(*) FROM quarantine JOIN tombstone USING (record)) "
	  "WHERE ?1",
	  "%lld changes of erased records are still here" },
};

fault
doctor_check(struct doctor *out, struct store *st)
{
	struct doctor d = { NULL, 0 };
	fault f;

	*out = d;
	if ((f = as_line(&d, db_check(st->db))) != NULL)
		goto done;
	if ((f = db_begin_read(st->db)) != NULL)
		goto done;
	if ((f = check_changes(&d, st)) == NULL)
		f = check_records(&d, st);
	for (size_t i = 0; f == NULL && i < sizeof questions /
	    sizeof *questions; i++)
		f = check_none(&d, st, questions[i].sql, questions[i].line);
	if ((f = db_end(st->db, f)) != NULL)
		goto done;
	if ((f = as_line(&d, search_update(st))) == NULL)
		f = as_line(&d, search_check(st));
done:
	if (f != NULL)
		doctor_free(&d);
	*out = d;
	return f;
}

/* --- rebuild ------------------------------------------------------------ */

static fault
rebuild(struct store *st)
{
	struct digest before, after;
	fault f;

	if ((f = store_digest(st, &before)) != NULL ||
	    (f = store_rebuild(st)) != NULL ||
	    (f = search_rebuild(st)) != NULL ||
	    (f = store_digest(st, &after)) != NULL)
		return f;
	if (!hash_eq(&before.all, &after.all))
		return fault_new(FAULT_TRUST, "the store rebuilt has another "
		    "digest; nothing was changed; keep this folder and tell "
		    "the makers");
	return NULL;
}

fault
doctor_rebuild(struct store *st)
{
	fault f = db_begin(st->db);

	return f != NULL ? f : db_end(st->db, rebuild(st));
}
