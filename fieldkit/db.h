/*
 * db -- SQLite's one door: open, statements, transactions.
 *
 * The only file that sees <sqlite3.h> but for the vault and the tokenizer.
 * Faults carry SQLite's extended code as detail, and a sentence of ours.
 */
#ifndef FIELDKIT_DB_H
#define FIELDKIT_DB_H

#include "sync/base/buf.h"
#include "sync/base/fault.h"

#define DB_PATIENCE_MS 30000	/* how long another process is waited for */

struct db;
struct stmt;

/*
 * Open the vault file at path (absolute), creating it if create is set: all
 * pragmas, limits and defensive settings, busy wait of 30 s.  The key was
 * given to vault_key.  FAULT_ABSENT if there is none; FAULT_TRUST if it does
 * not decrypt (wrong key or damaged) or is empty where it may not be.
 */
fault db_open(struct db **, const char *path, bool create) MUST_CHECK;
void db_close(struct db *);		/* NULL is fine */
/* Another busy wait, for tests. */
void db_patience(struct db *, int ms);

/* Many statements, no results. */
fault db_exec(struct db *, const char *sql) MUST_CHECK;

/*
 * Cached by its text (a literal); do not free.  Reset and unbound when given.
 * A statement that does not compile is a bug and ends the program; if it
 * could not be compiled for want of memory or disk, stmt_step says so.
 * Step to the end or reset: one left half way keeps others from writing.
 */
struct stmt *db_prepare(struct db *, const char *sql);
void stmt_int(struct stmt *, int at, int64_t);		/* at counts from 1 */
void stmt_blob(struct stmt *, int at, struct bytes);
void stmt_text(struct stmt *, int at, struct bytes);
void stmt_null(struct stmt *, int at);
/* *row says whether there is one.  At the end or a fault it is reset. */
fault stmt_step(struct stmt *, bool *row) MUST_CHECK;
/* Step once, expecting no row. */
fault stmt_run(struct stmt *) MUST_CHECK;
int64_t stmt_get_int(struct stmt *, int column);	/* from 0 */
bool stmt_get_null(struct stmt *, int column);
/* Valid until the next step or reset. */
struct bytes stmt_get(struct stmt *, int column);
void stmt_reset(struct stmt *);
int64_t db_last_id(struct db *);

/*
 * BEGIN IMMEDIATE.  Waits at most 30 s for another process, then FAULT_FAIL
 * names who holds the store.  Nested begins are counted; only the outermost
 * commits, and only if every inner one ended without a fault.  db_end commits
 * if f is NULL, else rolls back, and returns f or the commit's own fault.
 */
fault db_begin(struct db *) MUST_CHECK;
fault db_end(struct db *, fault f) MUST_CHECK;
/* BEGIN DEFERRED for a consistent read; ended by db_end too.  Do not write
 * in it. */
fault db_begin_read(struct db *) MUST_CHECK;

/*
 * The whole database into a new file at to, whose key was given to vault_key:
 * only what stands in it, no free pages.  It is not synced.  No transaction
 * may be open; on a fault something may stand at to.
 */
fault db_copy(struct db *, const char *to) MUST_CHECK;

/* integrity_check; FAULT_TRUST if it does not say "ok". */
fault db_check(struct db *) MUST_CHECK;

/* SQLite's own handle, for fieldkit/stem.c only. */
void *db_handle(struct db *);

#endif
