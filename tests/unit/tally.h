/*
 * tally -- a story of numbered transactions on a vault over the disk in
 * memory, whose state after each is known.
 */
#ifndef TESTS_UNIT_TALLY_H
#define TESTS_UNIT_TALLY_H

#include "fieldkit/db.h"
#include "fieldkit/vault.h"
#include "sync/base/id.h"
#include "tests/unit/disk.h"
#include "tests/unit/test.h"

#define TALLY_PATH "/kit/device.db"
#define TALLY_JOURNAL TALLY_PATH "-journal"
#define TALLY_MAX 40

static const uint8_t tally_key[32] = "the key of this invented store..";
static const uint8_t tally_store[16] = "an invented one";

static struct hash tally_want[TALLY_MAX];	/* after step n */
static unsigned tally_notes = 9;		/* added by a step */

static inline uint64_t
tally_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static inline fault
tally_open(struct db **db)
{
	fault f = db_open(db, TALLY_PATH, true);

	/* So small that transactions spill and journals get two headers. */
	if (f == NULL)
		f = db_exec(*db, "PRAGMA cache_size = 12");
	return f;
}

static inline fault
tally_schema(struct db *db)
{
	fault f = db_begin(db);

	if (f != NULL)
		return f;
	return db_end(db, db_exec(db,
	    "CREATE TABLE tally (n INTEGER NOT NULL) STRICT;"
	    "CREATE TABLE note (id INTEGER PRIMARY KEY, body BLOB NOT NULL)"
	    "    STRICT;"
	    "CREATE INDEX note_body ON note (body);"
	    "INSERT INTO tally VALUES (0)"));
}

static inline fault
tally_insert(struct db *db, uint64_t *seed)
{
	uint8_t body[3000];
	size_t len = 20 + tally_random(seed) % 700;
	struct stmt *s = db_prepare(db, "INSERT INTO note (body) VALUES (?1)");

	if (tally_random(seed) % 8 == 0)
		len += 2200;		/* overflow pages */
	for (size_t i = 0; i < len; i++)
		body[i] = (uint8_t)tally_random(seed);
	stmt_blob(s, 1, (struct bytes){ body, len });
	return stmt_run(s);
}

static inline fault
tally_body(struct db *db, unsigned n)
{
	uint64_t seed = n;
	struct stmt *s;
	fault f;

	for (unsigned i = 0; i < tally_notes; i++)
		if ((f = tally_insert(db, &seed)) != NULL)
			return f;
	s = db_prepare(db, "UPDATE note SET body = substr(body, 2) "
	    "WHERE id % 7 = ?1 % 7 AND length(body) > 10");
	stmt_int(s, 1, n);
	if ((f = stmt_run(s)) != NULL)
		return f;
	s = db_prepare(db, "DELETE FROM note WHERE id % 5 = ?1 % 5");
	stmt_int(s, 1, n);
	if ((f = stmt_run(s)) != NULL)
		return f;
	s = db_prepare(db, "UPDATE tally SET n = ?1");
	stmt_int(s, 1, n);
	return stmt_run(s);
}

static inline fault
tally_step(struct db *db, unsigned n)
{
	fault f = db_begin(db);

	return f != NULL ? f : db_end(db, tally_body(db, n));
}

/* *n = -1: not even the schema. */
static inline fault
tally_state(struct db *db, int *n, struct hash *h)
{
	struct buf all = BUF_EMPTY;
	struct stmt *s = db_prepare(db, "SELECT 1 FROM sqlite_schema "
	    "WHERE name = 'note_body'");
	bool row;
	fault f = stmt_step(s, &row);

	*n = -1;
	stmt_reset(s);
	if (f != NULL || !row)
		return f;
	s = db_prepare(db, "SELECT n FROM tally");
	if ((f = stmt_step(s, &row)) != NULL || !row)
		return f;
	*n = (int)stmt_get_int(s, 0);
	stmt_reset(s);
	s = db_prepare(db, "SELECT body FROM note ORDER BY id");
	while ((f = stmt_step(s, &row)) == NULL && row)
		buf_add_bytes(&all, stmt_get(s, 0));
	*h = hash_of(buf_view(&all));
	buf_free(&all);
	return f;
}

/* Whole, and after a step from least to most, exactly. */
static inline bool
tally_fits(struct db *db, int least, int most)
{
	struct hash h;
	int n;

	if (tally_state(db, &n, &h) != NULL || n < least || n > most)
		return false;
	return n < 0 || hash_eq(&h, &tally_want[n]);
}

/* All steps up to last, noting what is to be expected after each. */
static inline void
tally_learn(struct db *db, unsigned last, size_t *acked)
{
	int n;

	assert_ok(tally_schema(db));
	assert_ok(tally_state(db, &n, &tally_want[0]));
	if (acked != NULL)
		acked[0] = disk.nlog;
	for (unsigned i = 1; i <= last; i++) {
		assert_ok(tally_step(db, i));
		if (acked != NULL)
			acked[i] = disk.nlog;
		assert_ok(tally_state(db, &n, &tally_want[i]));
		assert_int_equal(n, i);
	}
}

#endif
