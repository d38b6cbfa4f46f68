#include "fieldkit/db_fault.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sync/base/file.h"
#include "sync/base/lang.h"
#include "sync/base/oserror.h"

#define LOCK_BYTES 0x40000000	/* SQLite's: pending 1, reserved 1, shared 510 */

/*
 * SQLite's descriptor of the file, among our own.  Opening another and
 * closing it again would drop every lock this process has on the file.
 */
static int
own_descriptor(const char *path)
{
	struct stat file, st;

	if (stat(path, &file) != 0)
		return -1;
	for (int fd = 0; fd < 1024; fd++)
		if (fstat(fd, &st) == 0 && st.st_dev == file.st_dev &&
		    st.st_ino == file.st_ino)
			return fd;
	return -1;
}

/* The process that has the lock at byte `at`; 0: none. */
static int
holder(int fd, off_t at, off_t len)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET,
	    .l_start = LOCK_BYTES + at, .l_len = len };

	if (fd < 0 || fcntl(fd, F_GETLK, &fl) != 0 || fl.l_type == F_UNLCK)
		return 0;
	return fl.l_pid;
}

/* The writer first (reserved, pending), then a reader who keeps it waiting. */
static fault
in_use(const char *path)
{
	int fd = own_descriptor(path), pid;
	char who[320];

	if ((pid = holder(fd, 1, 1)) == 0 && (pid = holder(fd, 0, 1)) == 0)
		pid = holder(fd, 2, 510);
	if (pid != 0)
		process_name(who, sizeof who, pid);
	else
		snprintf(who, sizeof who, "%s", say("another process"));
	return fault_new(FAULT_FAIL, "%s is in use by %s; nothing was changed; "
	    "try again when it has finished", path, who);
}

static fault
sentence(sqlite3 *raw, const char *path, int rc, const char *doing)
{
	int e = sqlite3_system_errno(raw);

	if (rc == SQLITE_IOERR_DATA || (rc & 0xff) == SQLITE_NOTADB ||
	    (rc & 0xff) == SQLITE_CORRUPT)
		return fault_new(FAULT_TRUST, "%s is damaged or belongs to "
		    "another key (SQLite %d); nothing was changed; run "
		    "'fieldkit doctor'", path, rc);
	if ((rc & 0xff) == SQLITE_FULL)
		return fault_new(FAULT_FAIL, "the disk is full; this was not "
		    "saved, everything before it is safe; free some space and "
		    "try again");
	if ((rc & 0xff) == SQLITE_NOMEM)
		return fault_new(FAULT_FAIL, "memory ran out; this was not "
		    "saved, everything before it is safe");
	if ((rc & 0xff) == SQLITE_IOERR)
		return fault_new(FAULT_FAIL, "%s could not be read or written "
		    "(SQLite %d: %s); this was not saved, everything before "
		    "it is safe", path, rc,
		    e == 0 ? "input/output" : oserror(e));
	return fault_new(FAULT_FAIL, "database: %s (SQLite %d, in: %.120s)",
	    sqlite3_errmsg(raw), rc, doing);
}

fault
db_fault(sqlite3 *raw, const char *path, int rc, const char *doing)
{
	fault f;

	if ((rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED)
		f = in_use(path);
	else
		f = sentence(raw, path, rc, doing);
	/* Ours, from the ring, and nobody else has seen it yet. */
	((struct fault *)f)->detail = rc;
	return f;
}
