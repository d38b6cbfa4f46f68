#include "fieldkit/db.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <sqlite3.h>

#include "fieldkit/db_fault.h"
#include "fieldkit/db_guard.h"
#include "sync/base/file.h"

struct stmt {
	struct db	*db;
	sqlite3_stmt	*raw;		/* NULL: not compiled, see trouble */
	const char	*sql;
	int		trouble;	/* of compiling or binding */
	struct stmt	*next;
};

struct db {
	sqlite3		*raw;
	char		*path;
	struct stmt	*stmts;
	unsigned	depth;		/* of begins */
	bool		doomed;		/* an inner one failed */
	int		patience_ms;
	int64_t		waiting_since;
};

/* --- opening ---------------------------------------------------------- */

static int64_t
monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int
wait_a_little(void *arg, int count)
{
	struct db *db = arg;
	int64_t t = monotonic_ms();

	if (count == 0)
		db->waiting_since = t;
	if (t - db->waiting_since >= db->patience_ms)
		return 0;
	poll(NULL, 0, count < 10 ? 1 + count : 20);
	return 1;
}

static void
set_defence(struct db *db)
{
	sqlite3_busy_handler(db->raw, wait_a_little, db);
	db_guard(db->raw);
}

static fault
trouble(const struct db *db, int rc)
{
	return db_fault(db->raw, db->path, rc);
}

static fault
one_int(struct db *db, const char *sql, int64_t *out)
{
	struct stmt *s = db_prepare(db, sql);
	bool row;
	fault f = stmt_step(s, &row);

	if (f == NULL && row)
		*out = stmt_get_int(s, 0);
	stmt_reset(s);
	return f;
}

/*
 * An empty file has no page that proves its key: write the first at once,
 * and from then on take an empty file for what it is, a loss.
 */
static fault
prove(struct db *db, bool create)
{
	int64_t pages = 0;
	fault f = one_int(db, "PRAGMA page_count", &pages);

	if (f != NULL || pages > 0)
		return f;
	if (!create)
		return fault_new(FAULT_TRUST, "%s is empty: what was in it is "
		    "gone; restore it from a backup", db->path);
	if ((f = db_begin(db)) != NULL)
		return f;
	/* "KITD" */
	return db_end(db, db_exec(db, "PRAGMA application_id = 1263096900"));
}

/*
 * temp_store first: Debian's SQLite would use files.  The journal mode is
 * asked for last, for it reads page 1 and may have to roll back.
 */
static const char pragmas[] =
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA page_size = 4096;"
    "PRAGMA mmap_size = 0;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA locking_mode = NORMAL;"
    "PRAGMA secure_delete = ON;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA journal_mode = TRUNCATE";

static fault
open_raw(struct db *db, bool create)
{
	int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
	mode_t mask = umask(077);
	int rc = sqlite3_open_v2(db->path, &db->raw, flags, "vault");

	umask(mask);
	if (rc == SQLITE_OK)
		return NULL;
	if (rc == SQLITE_CANTOPEN && !create && !file_exists(db->path))
		return fault_new(FAULT_ABSENT, "there is no database %s",
		    db->path);
	return trouble(db, rc);
}

fault
db_open(struct db **out, const char *path, bool create)
{
	struct db *db = mem_new(sizeof *db);
	fault f;

	db->path = mem_text(path);
	db->patience_ms = DB_PATIENCE_MS;
	if ((f = open_raw(db, create)) != NULL)
		goto done;
	set_defence(db);
	if ((f = db_exec(db, pragmas)) != NULL)
		goto done;
	if ((f = prove(db, create)) != NULL)
		goto done;
	*out = db;
	db = NULL;
done:
	db_close(db);
	return f;
}

void
db_close(struct db *db)
{
	struct stmt *next;

	if (db == NULL)
		return;
	for (struct stmt *s = db->stmts; s != NULL; s = next) {
		next = s->next;
		sqlite3_finalize(s->raw);
		free(s);
	}
	sqlite3_close_v2(db->raw);
	free(db->path);
	free(db);
}

void
db_patience(struct db *db, int ms)
{
	db->patience_ms = ms;
}

void *
db_handle(struct db *db)
{
	return db->raw;
}

fault
db_exec(struct db *db, const char *sql)
{
	int rc = sqlite3_exec(db->raw, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? NULL : trouble(db, rc);
}

/* --- statements ------------------------------------------------------- */

static struct stmt *
cached(struct db *db, const char *sql)
{
	struct stmt *s;

	/* Nearly always the same literal, and one of the last few. */
	for (struct stmt **at = &db->stmts; (s = *at) != NULL; at = &s->next) {
		if (s->sql != sql)
			continue;
		*at = s->next;
		s->next = db->stmts;
		db->stmts = s;
		return s;
	}
	for (s = db->stmts; s != NULL; s = s->next)
		if (strcmp(s->sql, sql) == 0)
			return s;
	return NULL;
}

static void
compile(struct stmt *s)
{
	s->trouble = sqlite3_prepare_v3(s->db->raw, s->sql, -1,
	    SQLITE_PREPARE_PERSISTENT, &s->raw, NULL);
	if (s->trouble != SQLITE_ERROR && s->trouble != SQLITE_AUTH)
		return;
	fprintf(stderr, "fieldkit: %s: %s\n", sqlite3_errmsg(s->db->raw),
	    s->sql);
	abort();
}

struct stmt *
db_prepare(struct db *db, const char *sql)
{
	struct stmt *s = cached(db, sql);

	if (s == NULL) {
		s = mem_new(sizeof *s);
		s->db = db;
		s->sql = sql;
		s->next = db->stmts;
		db->stmts = s;
	}
	if (s->raw == NULL) {
		compile(s);
		return s;
	}
	sqlite3_reset(s->raw);
	sqlite3_clear_bindings(s->raw);
	s->trouble = SQLITE_OK;
	return s;
}

static void
bound(struct stmt *s, int rc)
{
	if (s->trouble == SQLITE_OK)
		s->trouble = rc;
}

void
stmt_int(struct stmt *s, int at, int64_t v)
{
	if (s->raw != NULL)
		bound(s, sqlite3_bind_int64(s->raw, at, v));
}

void
stmt_blob(struct stmt *s, int at, struct bytes v)
{
	/* NULL would bind an SQL NULL. */
	const void *p = v.len == 0 ? (const void *)"" : v.at;

	if (s->raw != NULL)
		bound(s, sqlite3_bind_blob64(s->raw, at, p, v.len,
		    SQLITE_TRANSIENT));
}

void
stmt_text(struct stmt *s, int at, struct bytes v)
{
	const char *p = v.len == 0 ? "" : (const char *)v.at;

	if (s->raw != NULL)
		bound(s, sqlite3_bind_text64(s->raw, at, p, v.len,
		    SQLITE_TRANSIENT, SQLITE_UTF8));
}

void
stmt_null(struct stmt *s, int at)
{
	if (s->raw != NULL)
		bound(s, sqlite3_bind_null(s->raw, at));
}

/*
 * After a full disk or an I/O error SQLite has rolled the transaction back
 * by itself.  What follows in it must not be saved on its own.
 */
static bool
given_up(const struct db *db)
{
	return db->depth > 0 && sqlite3_get_autocommit(db->raw);
}

fault
stmt_step(struct stmt *s, bool *row)
{
	int rc = s->trouble;
	fault f;

	*row = false;
	/* The fault of compiling may be why it was given up: that one says. */
	if (rc == SQLITE_OK && given_up(s->db))
		return fault_new(FAULT_FAIL, "the transaction was given up "
		    "after a fault; nothing of it was saved");
	if (rc == SQLITE_OK)
		rc = sqlite3_step(s->raw);
	if (rc == SQLITE_ROW) {
		*row = true;
		return NULL;
	}
	f = rc == SQLITE_DONE ? NULL : trouble(s->db, rc);
	stmt_reset(s);
	return f;
}

fault
stmt_run(struct stmt *s)
{
	bool row;
	fault f = stmt_step(s, &row);

	stmt_reset(s);
	return f;
}

int64_t
stmt_get_int(struct stmt *s, int column)
{
	return sqlite3_column_int64(s->raw, column);
}

bool
stmt_get_null(struct stmt *s, int column)
{
	return sqlite3_column_type(s->raw, column) == SQLITE_NULL;
}

struct bytes
stmt_get(struct stmt *s, int column)
{
	const uint8_t *at = sqlite3_column_blob(s->raw, column);
	int len = sqlite3_column_bytes(s->raw, column);

	return (struct bytes){ at, at == NULL || len < 0 ? 0 : (size_t)len };
}

void
stmt_reset(struct stmt *s)
{
	sqlite3_reset(s->raw);
}

int64_t
db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->raw);
}

/* --- transactions ----------------------------------------------------- */

static void
rollback(struct db *db)
{
	fault f = NULL;

	if (!sqlite3_get_autocommit(db->raw))
		f = stmt_run(db_prepare(db, "ROLLBACK"));
	(void)f;	/* tried again by the next begin; closing does it too */
}

static fault
begin(struct db *db, const char *sql)
{
	fault f;

	if (db->depth == 0) {
		rollback(db);
		if ((f = stmt_run(db_prepare(db, sql))) != NULL)
			return f;
		db->doomed = false;
	}
	db->depth++;
	return NULL;
}

fault
db_begin(struct db *db)
{
	return begin(db, "BEGIN IMMEDIATE");
}

fault
db_begin_read(struct db *db)
{
	return begin(db, "BEGIN DEFERRED");
}

fault
db_end(struct db *db, fault f)
{
	if (f != NULL)
		db->doomed = true;
	if (--db->depth > 0)
		return f;
	if (f == NULL && db->doomed)
		f = fault_new(FAULT_FAIL, "a step of this failed; nothing of "
		    "it was saved");
	if (f == NULL)
		f = stmt_run(db_prepare(db, "COMMIT"));
	rollback(db);
	return f;
}

fault
db_copy(struct db *db, const char *to)
{
	struct stmt *s = db_prepare(db, "VACUUM INTO ?");
	mode_t mask = umask(077);
	fault f;

	db_guard_allow(db->raw, to);
	stmt_text(s, 1, bytes_of(to));
	f = stmt_run(s);
	db_guard_allow(db->raw, NULL);
	umask(mask);
	return f;
}

fault
db_check(struct db *db)
{
	struct stmt *s = db_prepare(db, "PRAGMA integrity_check(1)");
	bool row;
	fault f = stmt_step(s, &row);

	if (f == NULL && row && !bytes_is(stmt_get(s, 0), "ok"))
		f = fault_new(FAULT_TRUST, "%s is damaged: its pages "
		    "contradict each other; nothing was changed; restore it "
		    "from a backup", db->path);
	stmt_reset(s);
	return f;
}
