#include "fieldkit/store.h"

#include <stdio.h>
#include <stdlib.h>

#include "fieldkit/store_own.h"
#include "fieldkit/view.h"
#include "schema/embedded.h"
#include "sync/base/clock.h"
#include "sync/base/lang.h"

#define VERSION 4

/* --- schema ------------------------------------------------------------- */

static fault
schema_version(struct db *db, int64_t *version)
{
	struct stmt *s = db_prepare(db, "PRAGMA user_version");
	bool row;
	fault f = stmt_step(s, &row);

	*version = f == NULL && row ? stmt_get_int(s, 0) : 0;
	stmt_reset(s);
	return f;
}

static fault
migrate(struct db *db)
{
	static const char *const steps[VERSION] = { "store/001-store.sql",
	    "store/002-claims.sql", "store/003-erased.sql",
	    "store/004-intents.sql" };
	int64_t version;
	fault f;

	if ((f = schema_version(db, &version)) != NULL || version == VERSION)
		return f;
	if (version < 0 || version > VERSION)
		return fault_new(FAULT_INVALID, "this store was written by a "
		    "newer version; nothing was changed; update fieldkit");
	if ((f = db_begin(db)) != NULL)
		return f;
	/* Another process may have been first. */
	f = schema_version(db, &version);
	for (; f == NULL && version < VERSION; version++) {
		const struct embedded_file *sql = embedded_find(steps[version]);

		f = db_exec(db, (const char *)sql->at);
	}
	return db_end(db, f);
}

fault
store_open(struct store *out, struct db *db, const struct id *self)
{
	struct store s = { .db = db, .self = *self };
	fault f;

	if ((f = migrate(db)) != NULL)
		return f;
	if ((f = device_find(db, self, &s.self_ref)) == NULL && s.self_ref == 0)
		f = device_ref(db, self, &s.self_ref);
	if (f == NULL)
		*out = s;
	return f;
}

void
store_close(struct store *s)
{
	*s = (struct store){ .db = NULL };
}

/* --- the one door ------------------------------------------------------- */

struct arrival {		/* one change on its way in */
	struct store	*store;
	struct change	*c;
	int64_t		device;		/* ref of c->dot.device */
	int64_t		pos;		/* where it was inserted */
	struct buf	body;
	bool		new;
	bool		alone;		/* the only one of its record */
	bool		agrees;		/* its record stands on its index */
	fault		verdict;	/* it went into quarantine: why */
};

static struct bytes
record_key(const struct arrival *a)
{
	return (struct bytes){ a->c->record.b, sizeof a->c->record.b };
}

/* Kept whatever else happens: the transaction goes on, the verdict is told. */
static fault
refuse(struct arrival *a, const char *code, const char *reason)
{
	char dot[DOT_TEXT];
	struct quarantined q = { .dot = a->c->dot, .code = code,
	    .body = buf_view(&a->body), .reason = reason };

	a->verdict = fault_new(FAULT_TRUST, "change %s: %s; it is kept in "
	    "quarantine, the record stays as it was; tell the coordinator",
	    dot_text(dot, &a->c->dot), say(reason));
	return store_quarantine(a->store, &q);
}

static fault
update_body(struct arrival *a, struct bytes body)
{
	/* A new position, so that the full-text index sees it again. */
	struct stmt *s = db_prepare(a->store->db, "UPDATE change SET body = ?, "
	    "pos = 1 + (SELECT max(pos) FROM change) "
	    "WHERE device = ? AND n = ?");

	stmt_blob(s, 1, body);
	stmt_int(s, 2, a->device);
	stmt_int(s, 3, (int64_t)a->c->dot.n);
	a->new = true;
	return stmt_run(s);
}

/* The dot is known with other bytes: other content, or another view of it? */
static fault
compare(struct arrival *a, struct bytes stored)
{
	struct change old = CHANGE_EMPTY;
	struct buf body = BUF_EMPTY;
	fault f;

	if ((f = change_decode(&old, stored)) != NULL)
		return f;
	if (!view_same(&old, a->c))
		f = refuse(a, "fork", "another change has this name");
	else if (view_more(&old, a->c) &&
	    (f = view_union(&body, &old, a->c)) == NULL)
		f = update_body(a, buf_view(&body));
	change_free(&old);
	buf_free(&body);
	return f;
}

/* *known: the dot was here before; all that it asks for has been done. */
static fault
known(struct arrival *a, bool *known)
{
	struct stmt *s = db_prepare(a->store->db,
	    "SELECT body FROM change WHERE device = ? AND n = ?");
	struct buf stored = BUF_EMPTY;
	fault f;

	stmt_int(s, 1, a->device);
	stmt_int(s, 2, (int64_t)a->c->dot.n);
	if ((f = stmt_step(s, known)) != NULL || !*known)
		return f;
	if (!bytes_eq(stmt_get(s, 0), buf_view(&a->body)))
		buf_add_bytes(&stored, stmt_get(s, 0));
	stmt_reset(s);
	if (stored.len > 0)
		f = compare(a, buf_view(&stored));
	buf_free(&stored);
	return f;
}

static fault
insert(struct arrival *a)
{
	struct stmt *s = db_prepare(a->store->db, "INSERT INTO "
	    "change(device, n, record, body) VALUES(?, ?, ?, ?)");
	fault f;

	stmt_int(s, 1, a->device);
	stmt_int(s, 2, (int64_t)a->c->dot.n);
	stmt_blob(s, 3, record_key(a));
	stmt_blob(s, 4, buf_view(&a->body));
	if ((f = stmt_run(s)) == NULL)
		a->pos = db_last_id(a->store->db);
	return f;
}

/* Is what was written what was to be written?  Before the commit. */
static fault
read_back(const struct arrival *a)
{
	struct stmt *s = db_prepare(a->store->db, "SELECT body FROM change "
	    "WHERE pos = ? AND device = ? AND n = ? AND record = ?");
	char dot[DOT_TEXT];
	bool same;
	fault f;

	stmt_int(s, 1, a->pos);
	stmt_int(s, 2, a->device);
	stmt_int(s, 3, (int64_t)a->c->dot.n);
	stmt_blob(s, 4, record_key(a));
	if ((f = stmt_step(s, &same)) != NULL)
		return f;
	same = same && bytes_eq(stmt_get(s, 0), buf_view(&a->body));
	stmt_reset(s);
	return same ? NULL : fault_new(FAULT_FAIL, "change %s reads back "
	    "otherwise than it was written; nothing was saved",
	    dot_text(dot, &a->c->dot));
}

static bool
withholds(const struct change *c)
{
	bool any = false;

	for (size_t i = 0; i < c->nfields; i++)
		any |= c->fields[i].withheld;
	return any;
}

static fault
any(struct stmt *s, bool *yes)
{
	fault f = stmt_step(s, yes);

	stmt_reset(s);
	return f;
}

/*
 * How much of the record must be read for a change that was not here: all of
 * it, unless none of it is here, or it stands on the index that the change
 * names, by its creator's word where only that counts.  store_settle would
 * then say that the change stands, and move nothing.
 */
static fault
weigh(struct arrival *a)
{
	struct stmt *s;
	bool others, agrees = false;
	int64_t creator;
	fault f;

	s = db_prepare(a->store->db, "SELECT 1 FROM change WHERE record = ?");
	stmt_blob(s, 1, record_key(a));
	if ((f = any(s, &others)) != NULL || (f = device_find(a->store->db,
	    &a->c->index.creator, &creator)) != NULL)
		return f;
	if (others) {
		s = db_prepare(a->store->db, "SELECT 1 FROM record r "
		    "WHERE id = ?1 AND creator = ?2 AND idx = ?3 AND "
		    "(creator <> ?4 OR EXISTS (SELECT 1 FROM change c "
		    "WHERE c.record = r.id AND +c.device = r.creator))");
		stmt_blob(s, 1, record_key(a));
		stmt_int(s, 2, creator);
		stmt_int(s, 3, a->c->index.n);
		stmt_int(s, 4, a->store->self_ref);
		f = any(s, &agrees);
	}
	a->alone = !others && !withholds(a->c);
	a->agrees = agrees;
	return f;
}

/* The row is there and new: does it stand, and what follows from that? */
static fault
settle(struct arrival *a, struct record *r)
{
	struct settled s;
	fault f = store_settle(a->store, r, a->c, &s);

	if (f == NULL && s.wrong != NULL) {
		a->new = false;
		if ((f = refuse(a, "corrupt", s.wrong)) == NULL)
			f = store_drop(a->store, &a->c->dot);
	}
	if (f != NULL || (s.wrong == NULL && !s.moved))
		return f;
	record_free(r);
	return record_load(r, a->store->db, &a->c->record);
}

/* Its record as it is now, with the row that lists need of it. */
static fault
update_record(struct arrival *a, bool was)
{
	struct store *st = a->store;
	struct record r = { .nchanges = 0 };
	fault f = NULL;

	if (a->alone)
		record_of(&r, a->c);
	else
		f = record_load(&r, st->db, &a->c->record);
	if (f == NULL && !was && !a->agrees)
		f = settle(a, &r);
	if (f == NULL)
		f = store_row(st, &r);
	if (f == NULL && r.borrowed && st->batch != NULL)
		store_batch_keep(st->batch, a->pos, &r);
	record_free(&r);
	return f;
}

static fault
take(struct arrival *a)
{
	bool was;
	fault f;

	if ((f = known(a, &was)) != NULL || (was && !a->new))
		return f;
	if (!was && ((f = weigh(a)) != NULL || (f = insert(a)) != NULL ||
	    (f = read_back(a)) != NULL))
		return f;
	a->new = true;
	if (!a->agrees || a->store->batch == NULL)
		return update_record(a, was);
	store_batch_late(a->store->batch, &a->c->record);
	return NULL;
}

/* Its record was erased: nothing of it is read or kept. */
static fault
take_unless_erased(struct arrival *a)
{
	bool erased;
	fault f = store_drop_late(a->store, a->c, &erased);

	if (f != NULL || !erased)
		return f != NULL ? f : take(a);
	a->verdict = store_erased_fault(&a->c->record);
	return NULL;
}

fault
store_admit(struct store *st, struct bytes body)
{
	struct change c;
	struct arrival a = { .store = st, .c = &c };
	bool was;
	fault f;

	if ((f = change_decode(&c, body)) != NULL)
		return f;
	buf_add_bytes(&a.body, body);
	if ((f = device_ref(st->db, &c.dot.device, &a.device)) == NULL &&
	    (f = known(&a, &was)) == NULL && !was)
		f = insert(&a);
	buf_free(&a.body);
	change_free(&c);
	return f;
}

fault
store_put(struct store *st, struct change *c, bool *new)
{
	struct arrival a = { .store = st, .c = c };
	bool local = c->dot.n == 0;
	fault f;

	if (new != NULL)
		*new = false;
	if ((f = db_begin(st->db)) != NULL)
		return f;
	if (local && (f = store_give_dot(st, c)) != NULL)
		goto done;
	if ((f = change_check(c)) != NULL)
		goto done;
	change_encode(&a.body, c);
	if ((f = store_ref(st, &c->dot.device, &a.device)) == NULL)
		f = take_unless_erased(&a);
	/* What is made here is not a fact yet: it is simply not saved. */
	if (f == NULL && local && a.verdict != NULL)
		f = a.verdict->code == FAULT_ERASED ? a.verdict :
		    fault_new(FAULT_TRUST, "an edit names another index than "
		    "its record; nothing was saved; read the record again");
done:
	buf_free(&a.body);
	if ((f = db_end(st->db, f)) != NULL) {
		if (local)
			c->dot.n = 0;
		return f;
	}
	st->last_clock = hlc_seen(st->last_clock, c->clock, clock_wall_ms());
	if (new != NULL)
		*new = a.new;
	return a.verdict;
}
