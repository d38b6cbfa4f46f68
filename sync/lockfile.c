#include "sync/lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sync/base/file.h"

#define BUSY_MAX_MS	60000		/* always in use, by one after another */
#define NOTES_MAX	(1u << 20)
#define NOTE_MAX	5000

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	    a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec
	    && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* When process pid began, in ticks since boot; 0 if there is none. */
static unsigned long long
began(int pid)
{
	char path[64], text[1024], *p;
	unsigned long long t = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return 0;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	/* The name, field 2, may hold anything: count from its last ')'. */
	p = strrchr(text, ')');
	for (int field = 2; p != NULL && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (p != NULL)
		t = strtoull(p + 1, NULL, 10);
	return t == 0 ? 1 : t;
}

/*
 * One write to a file opened for appending is whole.  A note that cannot be
 * written costs the next run 10 s and nothing else.
 */
void
lockfile_note(const struct gitdir *g, const char *path, const char *mark)
{
	struct buf line = BUF_EMPTY;
	fault f = NULL;
	int fd;

	if (g->notes == NULL || strlen(path) + strlen(mark) > NOTE_MAX - 64)
		return;
	buf_text(&line, "%ld %llu %s %s\n", (long)getpid(),
	    began((int)getpid()), mark, path);
	fd = open(g->notes, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC |
	    O_NOFOLLOW, 0600);
	if (fd >= 0) {
		f = gitdir_write(g, fd, buf_view(&line));
		close(fd);
	}
	(void)f;
	buf_free(&line);
}

/* Is the file at path one that begins with mark, or was cut before? */
static bool
bears(const char *path, const char *mark)
{
	char text[128];
	ssize_t n;
	size_t len = strlen(mark);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return false;
	n = read(fd, text, sizeof text);
	close(fd);
	if (n < 0)
		return false;
	return memcmp(text, mark, (size_t)n < len ? (size_t)n : len) == 0;
}

struct note {
	int		pid;
	unsigned long long began;
	char		mark[128];
	const char	*path;
};

static bool
note_parse(struct note *n, char *line)
{
	int at = 0;

	if (sscanf(line, "%d %llu %127s %n", &n->pid, &n->began, n->mark,
	    &at) != 3 || at == 0)
		return false;
	n->path = line + at;
	return true;
}

/* True if the note is done with: ours, or its dead author's lock is gone. */
static bool
note_settled(const struct gitdir *g, const struct note *n)
{
	size_t len = strlen(g->path);

	if (strncmp(n->path, g->path, len) != 0 || n->path[len] != '/')
		return false;
	if (n->pid == (int)getpid())
		return true;
	if (began(n->pid) == n->began)
		return false;
	/* "*" marks a temporary file with a random name: nobody else's. */
	if (strcmp(n->mark, "*") == 0 || bears(n->path, n->mark))
		unlink(n->path);
	return true;
}

void
lockfile_clean(const struct gitdir *g)
{
	struct buf all = BUF_EMPTY, keep = BUF_EMPTY;
	struct note n;
	fault f;

	if (g->notes == NULL || !file_exists(g->notes))
		return;
	f = file_read(&all, g->notes, NOTES_MAX);
	if (f != NULL || all.len == 0)
		goto done;
	buf_cstr(&all);
	for (char *s = (char *)all.at, *end; *s != '\0'; s = end + 1) {
		if ((end = strchr(s, '\n')) == NULL)
			break;
		*end = '\0';
		if (note_parse(&n, s) && !note_settled(g, &n))
			buf_text(&keep, "%d %llu %s %s\n", n.pid, n.began,
			    n.mark, n.path);
	}
	if (keep.len == 0)
		unlink(g->notes);
	else if (keep.len < all.len)
		f = file_write(g->notes, buf_view(&keep), 0600);
done:
	/* Best effort, as lockfile_note: the 10 s remain. */
	(void)f;
	buf_free(&all);
	buf_free(&keep);
}

static bool
create(struct lockfile *l, const struct gitdir *g)
{
	struct stat st;

	if ((l->fd = gitdir_create(g, l->path)) < 0)
		return false;
	if (fstat(l->fd, &st) == 0) {
		l->dev = st.st_dev;
		l->ino = st.st_ino;
	}
	l->taken = g->now();
	return true;
}

static void
forget(struct lockfile *l)
{
	if (l->fd >= 0)
		close(l->fd);
	free(l->path);
	l->path = NULL;
	l->fd = -1;
}

/*
 * Take the stale lock away under a name of our own and look what it was: if
 * another process has just made a fresh one there, it goes back.
 */
static void
break_lock(const char *path, const struct stat *stale)
{
	struct buf aside = BUF_EMPTY;
	struct stat st;

	buf_text(&aside, "%.*s.%ld.%llu.lock", (int)strlen(path) - 5, path,
	    (long)getpid(), (unsigned long long)gitdir_now());
	buf_cstr(&aside);
	if (rename(path, (char *)aside.at) == 0) {
		if (lstat((char *)aside.at, &st) == 0 &&
		    (st.st_dev != stale->st_dev || st.st_ino != stale->st_ino))
			(void)!rename((char *)aside.at, path);
		else
			unlink((char *)aside.at);
	}
	buf_free(&aside);
}

static char *
lock_name(const struct gitdir *g, const char *name)
{
	struct buf b = BUF_EMPTY;
	char *s;

	buf_text(&b, "%s/%s.lock", g->path, name);
	s = mem_text(buf_cstr(&b));
	buf_free(&b);
	return s;
}

fault
lockfile_take(struct lockfile *l, const struct gitdir *g, const char *name,
    const char *mark)
{
	uint64_t start = g->now(), since = start;
	struct stat seen = { 0 }, st;
	fault f = NULL;

	l->path = lock_name(g, name);
	lockfile_note(g, l->path, mark);
	for (int pause = 1; !create(l, g); pause = pause < 40 ? pause * 2 : 50) {
		if (errno != EEXIST) {
			f = gitdir_errno(g);
			break;
		}
		if (lstat(l->path, &st) != 0)
			continue;
		if (!same_file(&st, &seen)) {
			seen = st;
			since = g->now();
		} else if (g->now() - since > g->patience) {
			break_lock(l->path, &seen);
		} else if (g->now() - start > BUSY_MAX_MS) {
			f = fault_new(FAULT_RACE, "%s is always in use by "
			    "others; nothing was lost; try again", l->path);
			break;
		}
		poll(NULL, 0, pause);
	}
	if (f != NULL)
		forget(l);
	return f;
}

fault
lockfile_try(struct lockfile *l, const struct gitdir *g, const char *name,
    int stale_s, bool *got)
{
	struct timespec now;
	struct stat st;
	fault f = NULL;

	*got = false;
	l->path = lock_name(g, name);
	clock_gettime(CLOCK_REALTIME, &now);
	if (lstat(l->path, &st) == 0 && now.tv_sec - st.st_mtim.tv_sec > stale_s)
		break_lock(l->path, &st);
	lockfile_note(g, l->path, "kit");
	if (!create(l, g)) {
		f = errno == EEXIST ? NULL : gitdir_errno(g);
		forget(l);
		return f;
	}
	*got = true;
	f = gitdir_write(g, l->fd, bytes_of("kit\n"));
	if (f != NULL)
		lockfile_drop(l);
	return f;
}

/* Ours, and not so old that another may be about to break it? */
static bool
held(const struct lockfile *l, const struct gitdir *g)
{
	struct stat st;

	return g->now() - l->taken < g->patience / 2 &&
	    lstat(l->path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino;
}

fault
lockfile_commit(struct lockfile *l, const struct gitdir *g, struct bytes data,
    bool *lost)
{
	char *to = mem_text(l->path), *dir = NULL;
	fault f;

	*lost = false;
	to[strlen(to) - 5] = '\0';
	dir = mem_text(to);
	*strrchr(dir, '/') = '\0';
	if ((f = gitdir_write(g, l->fd, data)) != NULL)
		goto done;
	if (fsync(l->fd) != 0) {
		f = gitdir_errno(g);
		goto done;
	}
	if (!held(l, g)) {
		*lost = true;
	} else if (rename(l->path, to) != 0) {
		*lost = errno == ENOENT;
		f = *lost ? NULL : gitdir_errno(g);
	} else {
		forget(l);
		f = gitdir_sync(g, dir);
	}
done:
	lockfile_drop(l);
	free(dir);
	free(to);
	return f;
}

void
lockfile_drop(struct lockfile *l)
{
	struct stat st;

	if (l->path != NULL && lstat(l->path, &st) == 0 &&
	    st.st_dev == l->dev && st.st_ino == l->ino)
		unlink(l->path);
	forget(l);
}
