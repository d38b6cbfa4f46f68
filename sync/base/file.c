#include "sync/base/file.h"


#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync/base/lang.h"

char *
path_join(const char *a, const char *b)
{
	size_t n = strlen(a) + strlen(b) + 2;
	char *p = mem_new(n);

	snprintf(p, n, "%s/%s", a, b);
	return p;
}

bool
file_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* Room for what a plain file says that it holds, and for seeing its end. */
static void
make_room(struct buf *out, int fd, size_t max)
{
	struct stat st;
	size_t n = 65536;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 0)
		n = (uint64_t)st.st_size < max ? (size_t)st.st_size : max;
	buf_room(out, n + 1);
}

fault
file_read_fd(struct buf *out, int fd, size_t max)
{
	size_t start = out->len;
	ssize_t n;

	make_room(out, fd, max);
	for (;;) {
		if (out->len == out->room)
			buf_room(out, 65536);
		n = read(fd, out->at + out->len, out->room - out->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		out->len += (size_t)n;
		if (out->len - start > max)
			return fault_new(FAULT_FORMAT,
			    "more than the %zu bytes allowed", max);
	}
	if (n < 0)
		return fault_errno(FAULT_FAIL, "cannot read");
	return NULL;
}

fault
file_read(struct buf *out, const char *path, size_t max)
{
	struct stat st;
	fault f = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return fault_errno(errno == ENOENT ? FAULT_ABSENT : FAULT_FAIL,
		    "cannot open %s", path);
	if (fstat(fd, &st) != 0)
		f = fault_errno(FAULT_FAIL, "cannot read %s", path);
	else if (!S_ISREG(st.st_mode))
		f = fault_new(FAULT_FORMAT, "%s is not a plain file", path);
	else
		f = fault_while(file_read_fd(out, fd, max), "%s", path);
	close(fd);
	return f;
}

static fault
write_all(int fd, struct bytes data)
{
	for (size_t done = 0; done < data.len;) {
		ssize_t n = write(fd, data.at + done, data.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fault_errno(FAULT_FAIL, "cannot write");
		done += (size_t)n;
	}
	return NULL;
}

fault
file_sync_dir(const char *dir)
{
	fault f = NULL;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return fault_errno(FAULT_FAIL, "cannot open folder %s", dir);
	/* Some file systems of sticks cannot sync a folder: nothing to add. */
	if (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP)
		f = fault_errno(FAULT_FAIL, "cannot sync folder %s", dir);
	close(fd);
	return f;
}

static fault
sync_parent(const char *path)
{
	char *dir = mem_text(path), *slash = strrchr(dir, '/');
	fault f;

	if (slash == dir)
		slash++;
	if (slash != NULL)
		*slash = '\0';
	f = file_sync_dir(slash == NULL ? "." : dir);
	free(dir);
	return f;
}

static fault
write_temporary(const char *tmp, struct bytes data, mode_t mode)
{
	fault f;
	int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0)
		return fault_errno(FAULT_FAIL, "cannot create %s", tmp);
	f = write_all(fd, data);
	if (f == NULL && fsync(fd) != 0)
		f = fault_errno(FAULT_FAIL, "cannot sync");
	if (close(fd) != 0 && f == NULL)
		f = fault_errno(FAULT_FAIL, "cannot close");
	if (f != NULL)
		unlink(tmp);
	return fault_while(f, "%s", tmp);
}

/* Not over what is there.  FAT, as most sticks have it, knows no hard links. */
static int
put_new(const char *tmp, const char *path)
{
	if (renameat2(AT_FDCWD, tmp, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EEXIST || (errno != EINVAL && errno != ENOSYS))
		return -1;
	return link(tmp, path);
}

fault
file_move_new(const char *tmp, const char *path)
{
	if (put_new(tmp, path) != 0)
		return errno == EEXIST ?
		    fault_new(FAULT_INVALID, "%s is there already; it was not "
		    "touched", path) :
		    fault_errno(FAULT_FAIL, "cannot create %s", path);
	unlink(tmp);	/* where it was linked */
	return sync_parent(path);
}

/* "<name>.<pid>.tmp" of a process that is gone?  Then a kill left it. */
static bool
left_behind(const char *entry, const char *name)
{
	size_t n = strlen(name);
	char *end;
	long pid;

	if (strncmp(entry, name, n) != 0 || entry[n] != '.')
		return false;
	pid = strtol(entry + n + 1, &end, 10);
	return pid > 0 && strcmp(end, ".tmp") == 0 &&
	    kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

/*
 * What a killed process left beside path goes with the next write of it: an
 * old keyfile would still open by an old passphrase.
 */
static void
sweep(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = mem_text(path);
	struct dirent *e;
	DIR *d;

	snprintf(dir, strlen(path) + 1, "%.*s", slash == NULL ? 1 :
	    slash == path ? 1 : (int)(slash - path),
	    slash == NULL ? "." : path);
	d = opendir(dir);
	while (d != NULL && (e = readdir(d)) != NULL)
		if (left_behind(e->d_name, slash == NULL ? path : slash + 1))
			unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
	free(dir);
}

static fault
place(const char *path, struct bytes data, mode_t mode, bool replace)
{
	char *tmp = mem_new(strlen(path) + 32);
	fault f;

	snprintf(tmp, strlen(path) + 32, "%s.%ld.tmp", path, (long)getpid());
	unlink(tmp);
	sweep(path);
	if ((f = write_temporary(tmp, data, mode)) != NULL)
		goto done;
	if (replace && rename(tmp, path) != 0)
		f = fault_errno(FAULT_FAIL, "cannot put %s in its place", path);
	else if (replace)
		f = sync_parent(path);
	else
		f = file_move_new(tmp, path);
	if (f != NULL)
		unlink(tmp);
done:
	free(tmp);
	return f;
}

fault
file_write(const char *path, struct bytes data, mode_t mode)
{
	return place(path, data, mode, true);
}

fault
file_create(const char *path, struct bytes data, mode_t mode)
{
	return place(path, data, mode, false);
}

fault
file_mkdir(const char *path, mode_t mode)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return sync_parent(path);
	if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return NULL;
	return fault_errno(FAULT_FAIL, "cannot make folder %s", path);
}

fault
file_mkdirs(const char *path, mode_t mode)
{
	char *p = mem_text(path);
	fault f = NULL;

	for (char *s = p + 1; *p != '\0' && *s != '\0' && f == NULL; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		if (!file_exists(p))
			f = file_mkdir(p, mode);
		*s = '/';
	}
	if (f == NULL)
		f = file_mkdir(path, mode);
	free(p);
	return f;
}

static fault
remove_at(int parent, const char *name)
{
	struct dirent *e;
	fault f = NULL;
	DIR *d;
	int fd;

	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return NULL;
	if (errno != EISDIR && errno != EPERM)
		return fault_errno(FAULT_FAIL, "cannot remove %s", name);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	if (fd < 0 || (d = fdopendir(fd)) == NULL) {
		f = fault_errno(FAULT_FAIL, "cannot open %s", name);
		if (fd >= 0)
			close(fd);
		return f;
	}
	while (f == NULL && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			f = remove_at(fd, e->d_name);
	closedir(d);
	if (f == NULL && unlinkat(parent, name, AT_REMOVEDIR) != 0)
		f = fault_errno(FAULT_FAIL, "cannot remove %s", name);
	return f;
}

fault
file_remove_tree(const char *path)
{
	return remove_at(AT_FDCWD, path);
}

void
process_name(char *to, size_t room, int pid)
{
	char path[64], line[256];
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, line, sizeof line - 1);
		close(fd);
	}
	if (n <= 0) {
		snprintf(to, room, say("process %d"), pid);
		return;
	}
	/* Program and command only: arguments may be stories. */
	line[n] = '\0';
	snprintf(to, room, say("%s %s (process %d)"), line,
	    strlen(line) + 1 < (size_t)n ? line + strlen(line) + 1 : "", pid);
}

static fault
held_by(int fd, const char *path)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char who[320];

	if (fcntl(fd, F_GETLK, &fl) == 0 && fl.l_type != F_UNLCK)
		process_name(who, sizeof who, fl.l_pid);
	else
		snprintf(who, sizeof who, "%s", say("another process"));
	return fault_new(FAULT_FAIL, "%s is in use by %s; nothing was changed; "
	    "try again when it has finished", path, who);
}

fault
file_lock(struct file_lock *l, const char *path, int wait_ms)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	fault f = NULL;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return fault_errno(FAULT_FAIL, "cannot open %s", path);
	while (fcntl(fd, F_SETLK, &fl) != 0) {
		if (errno != EACCES && errno != EAGAIN && errno != EINTR)
			f = fault_errno(FAULT_FAIL, "cannot lock %s", path);
		else if (wait_ms <= 0)
			f = held_by(fd, path);
		if (f != NULL)
			break;
		poll(NULL, 0, 20);
		wait_ms -= 20;
	}
	if (f != NULL)
		close(fd);
	else
		l->fd = fd;
	return f;
}

void
file_unlock(struct file_lock *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}
