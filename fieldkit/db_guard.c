#include "fieldkit/db_guard.h"

#include <string.h>

#include "fieldkit/page.h"

/*
 * ATTACH would open files that are not ours.  VACUUM needs it too: in place
 * it would make a temporary file, so only VACUUM INTO is let through, and
 * only into the one file that is allowed then.
 */
static int
authorize(void *allowed, int action, const char *a, const char *b,
    const char *c, const char *d)
{
	(void)b, (void)c, (void)d;
	if (action == SQLITE_ATTACH && allowed != NULL && a != NULL &&
	    strcmp(a, allowed) == 0)
		return SQLITE_OK;
	return action == SQLITE_ATTACH || action == SQLITE_DETACH ?
	    SQLITE_DENY : SQLITE_OK;
}

static void
set_limits(sqlite3 *raw)
{
	static const struct { int what, most; } limits[] = {
		{ SQLITE_LIMIT_LENGTH, 32 << 20 },
		{ SQLITE_LIMIT_SQL_LENGTH, 256 << 10 },
		{ SQLITE_LIMIT_COLUMN, 100 },
		{ SQLITE_LIMIT_EXPR_DEPTH, 100 },
		{ SQLITE_LIMIT_COMPOUND_SELECT, 20 },
		{ SQLITE_LIMIT_VDBE_OP, 100000 },
		{ SQLITE_LIMIT_FUNCTION_ARG, 32 },
		{ SQLITE_LIMIT_ATTACHED, 1 },
		{ SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000 },
		{ SQLITE_LIMIT_VARIABLE_NUMBER, 500 },
		{ SQLITE_LIMIT_TRIGGER_DEPTH, 10 },
		{ SQLITE_LIMIT_WORKER_THREADS, 0 }
	};

	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
		sqlite3_limit(raw, limits[i].what, limits[i].most);
}

void
db_guard(sqlite3 *raw)
{
	int reserve = PAGE_SPARE;

	sqlite3_extended_result_codes(raw, 1);
	sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_file_control(raw, "main", SQLITE_FCNTL_RESERVE_BYTES,
	    &reserve);
	set_limits(raw);
	db_guard_allow(raw, NULL);
}

void
db_guard_allow(sqlite3 *raw, const char *path)
{
	sqlite3_set_authorizer(raw, authorize, (void *)(uintptr_t)path);
}
