/*
 * db_guard -- what SQLite may not do on a connection of ours: large values and
 * statements, libraries, other files.
 */
#ifndef FIELDKIT_DB_GUARD_H
#define FIELDKIT_DB_GUARD_H

#include <sqlite3.h>

void db_guard(sqlite3 *);

/* Let it open the one file at path (borrowed), until this is called with
 * NULL. */
void db_guard_allow(sqlite3 *, const char *path);

#endif
