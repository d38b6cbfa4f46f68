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
	struct buf	body;
	bool		new;
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

	stmt_int(s, 1, a->device);
	stmt_int(s, 2, (int64_t)a->c->dot.n);
	stmt_blob(s, 3, record_key(a));
	stmt_blob(s, 4, buf_view(&a->body));
	return stmt_run(s);
}

/* Is what was written what was to be written?  Before the commit. */
static fault
read_back(const struct arrival *a, const struct record *r)
{
	struct buf body = BUF_EMPTY;
	char dot[DOT_TEXT];
	bool same = false;

	for (size_t i = 0; i < r->nchanges && !same; i++) {
		if (dot_cmp(&r->changes[i].dot, &a->c->dot) != 0)
			continue;
		change_encode(&body, &r->changes[i]);
		same = bytes_eq(buf_view(&body), buf_view(&a->body));
		break;
	}
	buf_free(&body);
	return same ? NULL : fault_new(FAULT_FAIL, "change %s reads back "
	    "otherwise than it was written; nothing was saved",
	    dot_text(dot, &a->c->dot));
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

static fault
take(struct arrival *a)
{
	struct record r = { .nchanges = 0 };
	bool was;
	fault f;

	if ((f = known(a, &was)) != NULL || (was && !a->new))
		return f;
	if (!was && (f = insert(a)) != NULL)
		return f;
	a->new = true;
	if ((f = record_load(&r, a->store->db, &a->c->record)) != NULL)
		goto done;
	if (!was && ((f = read_back(a, &r)) != NULL ||
	    (f = settle(a, &r)) != NULL))
		goto done;
	f = store_row(a->store, &r);
done:
	record_free(&r);
	return f;
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

/* --- what a local change is given --------------------------------------- */

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
static fault
give_dot(struct store *st, struct change *c)
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
	if (local && (f = give_dot(st, c)) != NULL)
		goto done;
	if ((f = change_check(c)) != NULL)
		goto done;
	change_encode(&a.body, c);
	if ((f = device_ref(st->db, &c->dot.device, &a.device)) == NULL)
		f = take_unless_erased(&a);
	/* What is made here is not a fact yet: it is simply not saved. */
	if (f == NULL && local && a.verdict != NULL)
		f = a.verdict->code == FAULT_ERASED ? a.verdict : fault_new(FAULT_TRUST, "an edit names another index than "
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
