/*
 * calls -- this process's own calls of the kernel that change files, counted:
 * the n-th kills it or fails, whoever made it, ourselves or SQLite.
 *
 * Included once, by a test program: its functions take the place of the C
 * library's.
 */
#ifndef TESTS_UNIT_CALLS_H
#define TESTS_UNIT_CALLS_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum calls_end { CALLS_WELL, CALLS_KILL, CALLS_ONCE, CALLS_STICKY, CALLS_FULL };

#define CALLS_LOG_MAX 4096

static struct calls {
	enum calls_end	end;
	unsigned	at;		/* the call that it happens to */
	unsigned	count, failed;
	bool		logging;
	char		log[CALLS_LOG_MAX][80];	/* "sync NAME", "rename NAME" */
	size_t		nlog;
} calls;

static inline void
calls_start(enum calls_end end, unsigned at)
{
	calls.end = end;
	calls.at = at;
	calls.count = calls.failed = 0;
}

/* Is this call to fail?  Only those that write find the disk full. */
static inline bool
calls_fails(bool writes)
{
	bool now;

	if (calls.end == CALLS_WELL || (calls.end == CALLS_FULL && !writes))
		return false;
	now = ++calls.count == calls.at;
	if (now && calls.end == CALLS_KILL)
		raise(SIGKILL);
	if (calls.end != CALLS_ONCE && calls.failed > 0)
		now = true;
	calls.failed += now;
	if (now)
		errno = calls.end == CALLS_FULL ? ENOSPC : EIO;
	return now;
}

static inline void
calls_note(const char *what, const char *path)
{
	const char *name = strrchr(path, '/');

	if (calls.logging && calls.nlog < CALLS_LOG_MAX)
		snprintf(calls.log[calls.nlog++], sizeof calls.log[0],
		    "%s %.60s", what, name == NULL ? path : name + 1);
}

static inline void
calls_note_fd(const char *what, int fd)
{
	char link[64], path[512];
	long n;

	if (!calls.logging)
		return;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = syscall(SYS_readlink, link, path, sizeof path - 1);
	path[n < 0 ? 0 : n] = '\0';
	calls_note(what, path);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	if (fd > 2 && calls_fails(true))
		return -1;
	return syscall(SYS_write, fd, p, n);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	if (calls_fails(true))
		return -1;
	calls_note_fd("write", fd);
	return syscall(SYS_pwrite64, fd, p, n, at);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off_t at)
{
	return pwrite(fd, p, n, at);
}

int
fsync(int fd)
{
	if (calls_fails(false))
		return -1;
	calls_note_fd("sync", fd);
	return (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	return fsync(fd);
}

int
ftruncate(int fd, off_t n)
{
	return calls_fails(false) ? -1 : (int)syscall(SYS_ftruncate, fd, n);
}

int
ftruncate64(int fd, off_t n)
{
	return ftruncate(fd, n);
}

int
rename(const char *from, const char *to)
{
	if (calls_fails(false))
		return -1;
	calls_note("rename", from);
	return (int)syscall(SYS_rename, from, to);
}

int
unlink(const char *path)
{
	return calls_fails(false) ? -1 : (int)syscall(SYS_unlink, path);
}

int
open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, int) : 0;
	va_end(ap);
	if (calls_fails(false))
		return -1;
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, int) : 0;
	va_end(ap);
	return open(path, flags, mode);
}

#endif
