#include "sync/gitdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sync/base/file.h"

/*
 * deltaCacheSize = 1 switches libgit2's search for deltas off: sealed bytes
 * have none.  gc and pushes of stock git must not rewrite a hub by accident.
 */
const char repo_config[] =
    "[core]\n"
    "\trepositoryformatversion = 0\n"
    "\tfilemode = false\n"
    "\tbare = true\n"
    "[pack]\n"
    "\tdeltaCacheSize = 1\n"
    "[gc]\n"
    "\tauto = 0\n"
    "[receive]\n"
    "\tdenyNonFastForwards = true\n";
const char repo_head[] = "ref: refs/heads/main\n";

uint64_t
gitdir_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

fault
gitdir_errno(const struct gitdir *g)
{
	enum fault_code code = g->broken;

	switch (errno) {
	case ENOSPC:
	case EDQUOT:
		return fault_new(g->broken, "%s is full; nothing was lost; "
		    "make room there and try again", g->path);
	case EACCES:
	case EPERM:
		if (code == FAULT_FAIL)
			code = FAULT_DENIED;
		/* fall through */
	case EROFS:
		return fault_new(code, "%s cannot be written (read-only, "
		    "or no permission); nothing was lost", g->path);
	default:
		return fault_errno(g->broken, "%s cannot be written; nothing "
		    "was lost; try again", g->path);
	}
}

char *
gitdir_path(const struct gitdir *g, const char *name)
{
	return path_join(g->path, name);
}

static void
modes_of(struct gitdir *g, const struct stat *st, mode_t mode)
{
	/* The sticky bit would keep colleagues from replacing a ref. */
	g->dirs = mode & 02777;
	g->files = mode & 0666;
	g->group = st->st_gid;
}

/* FAT and some shares know neither mode nor group: nothing to do there. */
static void
adopt(const struct gitdir *g, int fd, mode_t mode)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return;
	if (st.st_gid != g->group && fchown(fd, (uid_t)-1, g->group) != 0)
		mode &= ~(mode_t)02000;
	if ((st.st_mode & 07777) != mode && fchmod(fd, mode) != 0)
		errno = 0;
}

int
gitdir_create(const struct gitdir *g, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, g->files);

	if (fd >= 0)
		adopt(g, fd, g->files);
	return fd;
}

fault
gitdir_write(const struct gitdir *g, int fd, struct bytes data)
{
	while (data.len > 0) {
		ssize_t n = write(fd, data.at, data.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return gitdir_errno(g);
		data.at += n;
		data.len -= (size_t)n;
	}
	return NULL;
}

fault
gitdir_sync(const struct gitdir *g, const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (fd < 0)
		return gitdir_errno(g);
	/* Some file systems of sticks cannot sync a folder: nothing to add. */
	r = fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP ? 0 : errno;
	close(fd);
	errno = r;
	return r == 0 ? NULL : gitdir_errno(g);
}

static fault
sync_parent(const struct gitdir *g, const char *path)
{
	char *dir = mem_text(path), *slash = strrchr(dir, '/');
	fault f;

	if (slash == dir)
		slash++;
	if (slash != NULL)
		*slash = '\0';
	f = gitdir_sync(g, slash == NULL ? "." : dir);
	free(dir);
	return f;
}

static fault
make_dir(const struct gitdir *g, const char *path)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return NULL;
	if (mkdir(path, g->dirs & 0777) != 0)
		return errno == EEXIST && lstat(path, &st) == 0 &&
		    S_ISDIR(st.st_mode) ? NULL : gitdir_errno(g);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0) {
		adopt(g, fd, g->dirs);
		close(fd);
	}
	return sync_parent(g, path);
}

fault
gitdir_parents(const struct gitdir *g, const char *name)
{
	char *path = gitdir_path(g, name);
	fault f = NULL;

	for (char *s = path + strlen(g->path) + 1; *s != '\0' && f == NULL;
	    s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		f = make_dir(g, path);
		*s = '/';
	}
	free(path);
	return f;
}

/* A file with this text, whole or not at all; one that is there stays. */
static fault
make_file(const struct gitdir *g, const char *name, const char *text)
{
	char *path = gitdir_path(g, name), *tmp = NULL;
	struct buf b = BUF_EMPTY;
	fault f = NULL;
	int fd;

	if (file_exists(path))
		goto done;
	buf_text(&b, "%s.%ld.lock", path, (long)getpid());
	tmp = mem_text(buf_cstr(&b));
	unlink(tmp);
	if ((fd = gitdir_create(g, tmp)) < 0) {
		f = gitdir_errno(g);
		goto done;
	}
	f = gitdir_write(g, fd, bytes_of(text));
	if (f == NULL && fsync(fd) != 0)
		f = gitdir_errno(g);
	close(fd);
	if (f == NULL && rename(tmp, path) != 0)
		f = gitdir_errno(g);
	if (f != NULL)
		unlink(tmp);
done:
	buf_free(&b);
	free(tmp);
	free(path);
	return f;
}

/* The folder itself, and whose modes what is in it takes. */
static fault
make_top(struct gitdir *g, mode_t mode)
{
	char *parent = mem_text(g->path), *slash = strrchr(parent, '/');
	struct stat st;
	fault f = NULL;

	if (slash == parent)
		slash++;
	if (slash != NULL)
		*slash = '\0';
	if (stat(slash == NULL ? "." : parent, &st) != 0) {
		f = fault_errno(g->broken, "cannot make %s: the folder that it "
		    "should stand in cannot be read", g->path);
		goto done;
	}
	modes_of(g, &st, mode == 0 ? st.st_mode : mode);
	if ((f = make_dir(g, g->path)) != NULL)
		goto done;
	if (lstat(g->path, &st) != 0)
		f = gitdir_errno(g);
	else
		modes_of(g, &st, st.st_mode);
done:
	free(parent);
	return f;
}

fault
gitdir_make(const char *path, mode_t mode, enum fault_code broken)
{
	struct gitdir g = GITDIR_NONE;
	fault f;

	g.path = mem_text(path);
	g.broken = broken;
	if ((f = make_top(&g, mode)) != NULL ||
	    (f = gitdir_parents(&g, "objects/pack/-")) != NULL ||
	    (f = gitdir_parents(&g, "refs/heads/device/-")) != NULL ||
	    (f = make_file(&g, "config", repo_config)) != NULL ||
	    (f = gitdir_sync(&g, path)) != NULL ||
	    (f = make_file(&g, "HEAD", repo_head)) != NULL)
		goto done;
	f = gitdir_sync(&g, path);
done:
	gitdir_close(&g);
	return f;
}

fault
gitdir_open(struct gitdir *g, const char *path, enum fault_code broken)
{
	struct gitdir new = GITDIR_NONE;
	struct stat st, head;

	new.path = mem_text(path);
	new.broken = broken;
	*g = new;
	char *at = gitdir_path(g, "HEAD");
	bool there = lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	    lstat(at, &head) == 0 && S_ISREG(head.st_mode);

	free(at);
	if (!there) {
		gitdir_close(g);
		return fault_new(FAULT_ABSENT, "there is no repository at %s",
		    path);
	}
	modes_of(g, &st, st.st_mode);
	return NULL;
}

void
gitdir_close(struct gitdir *g)
{
	free(g->path);
	free(g->notes);
	g->path = g->notes = NULL;
}
