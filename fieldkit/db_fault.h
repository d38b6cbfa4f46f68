/*
 * db_fault -- SQLite's codes as faults; who keeps a database busy.
 */
#ifndef FIELDKIT_DB_FAULT_H
#define FIELDKIT_DB_FAULT_H

#include <sqlite3.h>

#include "sync/base/fault.h"

/*
 * rc came from raw (may be NULL), of the database at path.  Each of SQLite's
 * codes has a sentence of ours, without SQLite's words and without SQL: those
 * tell a user nothing and may hold what was being saved.  Busy names the
 * process that holds it.  detail is rc.
 */
fault db_fault(sqlite3 *raw, const char *path, int rc);

#endif
