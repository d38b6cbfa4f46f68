/*
 * plain -- the same rows in plain SQLite, to be measured beside ours: one
 * table, rollback journal, FULL.
 */
#ifndef TESTS_TOOLS_BENCH_PLAIN_H
#define TESTS_TOOLS_BENCH_PLAIN_H

#include <sqlite3.h>

#include "sync/base/id.h"

struct plain {
	sqlite3		*db;
	sqlite3_stmt	*insert;
};

static inline fault
plain_fault(const struct plain *p)
{
	return fault_new(FAULT_FAIL, "plain SQLite: %s", sqlite3_errmsg(p->db));
}

static inline fault
plain_exec(struct plain *p, const char *sql)
{
	return sqlite3_exec(p->db, sql, NULL, NULL, NULL) == SQLITE_OK ?
	    NULL : plain_fault(p);
}

/* journal: DELETE (SQLite's default) or TRUNCATE (as our store). */
static inline fault
plain_open(struct plain *p, const char *path, const char *journal)
{
	char sql[80];
	fault f;

	if (sqlite3_open_v2(path, &p->db, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_CREATE, "unix") != SQLITE_OK)
		return plain_fault(p);
	snprintf(sql, sizeof sql, "PRAGMA journal_mode = %s", journal);
	if ((f = plain_exec(p, sql)) != NULL ||
	    (f = plain_exec(p, "PRAGMA synchronous = FULL")) != NULL ||
	    (f = plain_exec(p, "CREATE TABLE note("
	    "id BLOB PRIMARY KEY, type TEXT, json TEXT)")) != NULL)
		return f;
	return sqlite3_prepare_v2(p->db, "INSERT INTO note VALUES(?, "
	    "'observation', ?)", -1, &p->insert, NULL) == SQLITE_OK ?
	    NULL : plain_fault(p);
}

static inline void
plain_close(struct plain *p)
{
	sqlite3_finalize(p->insert);
	sqlite3_close(p->db);
}

static inline fault
plain_insert(struct plain *p, const struct id *id, struct bytes json)
{
	int r;

	sqlite3_bind_blob(p->insert, 1, id->b, sizeof id->b, SQLITE_STATIC);
	sqlite3_bind_text(p->insert, 2, (const char *)json.at, (int)json.len,
	    SQLITE_STATIC);
	r = sqlite3_step(p->insert);
	sqlite3_reset(p->insert);
	return r == SQLITE_DONE ? NULL : plain_fault(p);
}

#endif
