#include "fieldkit/db_fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync/base/file.h"
#include "sync/base/lang.h"
#include "sync/base/oserror.h"

#define FULL "the disk is full; this was not saved, everything before it is " \
	"safe; free some space and try again"
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
not_permitted(const char *path)
{
	return fault_new(FAULT_DENIED, "you have no permission to write %s "
	    "and its folder; nothing was changed, what is there can be read; "
	    "give it back to yourself (chown, chmod) and try again", path);
}

/* Why may it not be written?  SQLite has found out, but does not tell. */
static fault
read_only(const char *path, int rc)
{
	if (rc == SQLITE_READONLY_ROLLBACK)
		return fault_new(FAULT_FAIL, "%s was left in the middle of a "
		    "save and cannot be set right where nothing may be "
		    "written; nothing was changed; copy the whole folder to "
		    "another disk, or make this one writable", path);
	if (rc == SQLITE_READONLY_DBMOVED)
		return fault_new(FAULT_FAIL, "the store was rewritten by "
		    "another process; nothing was changed; do it again");
	if (access(path, W_OK) != 0 && errno == EROFS)
		return fault_new(FAULT_FAIL, "%s lies on a read-only disk; "
		    "nothing was changed, what is there can be read; make the "
		    "disk writable, or copy the folder to another", path);
	return not_permitted(path);
}

static fault
not_opened(const char *path, int system)
{
	if (system == EACCES || system == EPERM)
		return not_permitted(path);
	if (system == EROFS)
		return read_only(path, SQLITE_READONLY);
	return fault_new(FAULT_FAIL, "%s or the journal beside it cannot be "
	    "opened (%s); nothing was changed; look whether the folder is "
	    "there and whole, and try again", path,
	    system == 0 ? say("no cause is known") : oserror(system));
}

static fault
damaged(const char *path, int rc)
{
	return fault_new(FAULT_TRUST, "%s is damaged or belongs to another "
	    "key (SQLite %d); nothing was changed; run 'fieldkit doctor'",
	    path, rc);
}

static fault
broken_disk(const char *path, int rc, int system)
{
	if (rc == SQLITE_IOERR_DATA)
		return damaged(path, rc);
	if (system == EDQUOT || system == ENOSPC)
		return fault_new(FAULT_FAIL, FULL);
	return fault_new(FAULT_FAIL, "%s could not be read or written "
	    "(SQLite %d: %s); this was not saved, everything before it is "
	    "safe", path, rc,
	    system == 0 ? say("input/output") : oserror(system));
}

static fault
sentence(const char *path, int rc, int system)
{
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return in_use(path);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return damaged(path, rc);
	case SQLITE_FULL:
		return fault_new(FAULT_FAIL, FULL);
	case SQLITE_NOMEM:
		return fault_new(FAULT_FAIL, "memory ran out; this was not "
		    "saved, everything before it is safe");
	case SQLITE_IOERR:
		return broken_disk(path, rc, system);
	case SQLITE_READONLY:
		return read_only(path, rc);
	case SQLITE_PERM:
		return not_permitted(path);
	case SQLITE_CANTOPEN:
		return not_opened(path, system);
	case SQLITE_INTERRUPT:
	case SQLITE_ABORT:
		return fault_new(FAULT_INTERRUPT, "interrupted; this was not "
		    "saved, everything before it is safe");
	case SQLITE_TOOBIG:
		return fault_new(FAULT_FAIL, "a text is longer than %s can "
		    "hold; this was not saved, everything before it is safe",
		    path);
	default:
		return fault_new(FAULT_FAIL, "%s refused a step (SQLite %d); "
		    "this was not saved, everything before it is safe; run "
		    "'fieldkit doctor'", path, rc);
	}
}

fault
db_fault(sqlite3 *raw, const char *path, int rc)
{
	fault f = sentence(path, rc, sqlite3_system_errno(raw));

	/* Ours, from the ring, and nobody else has seen it yet. */
	((struct fault *)f)->detail = rc;
	return f;
}
