#include "sync/preflight.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync/base/file.h"
#include "sync/base/lang.h"
#include "sync/gitdir.h"

#define DEPTH_MAX 8
#define EXACT_MAX 4096

struct walk {
	const char	*hub;
	size_t		outside, inside;
	struct dirent	*e;		/* where it is */
	const char	*dir;		/* relative, "" at the top */
	mode_t		mode;
};

/* Where a name stands, and so what is allowed there. */
enum place { TOP, INFO, HOOKS, REFS, OBJECTS, FAN, PACK, OBJECTS_INFO, REST };

static fault
refuse(const struct walk *w, const char *why)
{
	return fault_new(FAULT_TRUST, "the hub at %s was not opened: %s%s%s %s",
	    w->hub, w->dir, w->dir[0] == '\0' ? "" : "/", w->e->d_name,
	    say(why));
}

static fault
gone(const char *path)
{
	return fault_new(FAULT_HUB, "the hub at %s is not there; nothing was "
	    "lost; put the stick in (or connect the share) and sync again",
	    path);
}

static bool
one_of(const char *name, const char *const *list)
{
	/* FAT takes "CommonDir" for "commondir". */
	for (; *list != NULL; list++)
		if (strcasecmp(name, *list) == 0)
			return true;
	return false;
}

static bool
hex(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isxdigit((unsigned char)s[i]))
			return false;
	return true;
}

/* git reads more than its bare layout: what could lead it elsewhere. */
static fault
check_top(const struct walk *w)
{
	static const char *const bad[] = { "commondir", "gitdir", "worktrees",
	    "modules", "config.worktree", "shallow", "index", "logs", ".git",
	    ".gitmodules", NULL };
	static const char *const dirs[] = { "objects", "refs", "info", "hooks",
	    "branches", NULL };
	static const char *const files[] = { "HEAD", "config", "packed-refs",
	    "description", NULL };

	if (one_of(w->e->d_name, bad))
		return refuse(w, "does not belong in a hub");
	if (one_of(w->e->d_name, dirs) && !S_ISDIR(w->mode))
		return refuse(w, "is not a folder");
	if (one_of(w->e->d_name, files) && !S_ISREG(w->mode))
		return refuse(w, "is not a plain file");
	return NULL;
}

static fault
check_info(const struct walk *w)
{
	static const char *const good[] = { "exclude", "refs", NULL };

	if (!one_of(w->e->d_name, good))
		return refuse(w, "does not belong in a hub");
	return NULL;
}

static bool
tmp(const char *name)
{
	return strncmp(name, "tmp_", 4) == 0;
}

static fault
check_objects(const struct walk *w)
{
	const char *s = w->e->d_name;
	bool dir = strcmp(s, "pack") == 0 || strcmp(s, "info") == 0 ||
	    (strlen(s) == 2 && hex(s, 2));

	if (S_ISDIR(w->mode) ? !dir && !tmp(s) : !tmp(s))
		return refuse(w, "is not the name of an object");
	return NULL;
}

static fault
check_fan(const struct walk *w)
{
	const char *s = w->e->d_name;

	if (!S_ISREG(w->mode) || !(tmp(s) || (strlen(s) == 38 && hex(s, 38))))
		return refuse(w, "is not the name of an object");
	return NULL;
}

static fault
check_pack(const struct walk *w)
{
	static const char *const suffix[] = { ".pack", ".idx", ".keep", ".rev",
	    ".bitmap", ".mtimes", NULL };
	const char *s = w->e->d_name;

	if (!S_ISREG(w->mode) || !(tmp(s) || (strlen(s) > 45 &&
	    memcmp(s, "pack-", 5) == 0 && hex(s + 5, 40) &&
	    one_of(s + 45, suffix))))
		return refuse(w, "is not the name of a pack");
	return NULL;
}

static fault
check_objects_info(const struct walk *w)
{
	/* What stock git's gc leaves.  Alternates lead to other folders. */
	static const char *const good[] = { "packs", "commit-graph", NULL };

	if (!S_ISREG(w->mode) || !one_of(w->e->d_name, good))
		return refuse(w, "does not belong in a hub");
	return NULL;
}

static fault
check_name(const struct walk *w, enum place place)
{
	if (S_ISLNK(w->mode))
		return refuse(w, "is a link");
	if (!S_ISREG(w->mode) && !S_ISDIR(w->mode))
		return refuse(w, "is neither a file nor a folder");
	switch (place) {
	case TOP:
		return check_top(w);
	case INFO:
		return check_info(w);
	case HOOKS:
		return refuse(w, "could be run by git");
	case OBJECTS:
		return check_objects(w);
	case FAN:
		return check_fan(w);
	case PACK:
		return check_pack(w);
	case OBJECTS_INFO:
		return check_objects_info(w);
	case REFS:
	case REST:
		break;
	}
	return NULL;
}

static enum place
below(enum place place, const char *name)
{
	if (place == TOP)
		return strcasecmp(name, "objects") == 0 ? OBJECTS :
		    strcasecmp(name, "refs") == 0 ? REFS :
		    strcasecmp(name, "info") == 0 ? INFO :
		    strcasecmp(name, "hooks") == 0 ? HOOKS : REST;
	if (place == OBJECTS)
		return strcmp(name, "pack") == 0 ? PACK :
		    strcmp(name, "info") == 0 ? OBJECTS_INFO :
		    tmp(name) ? REST : FAN;
	return place == REFS ? REFS : REST;
}

static fault
count(struct walk *w, bool inside)
{
	if (inside ? ++w->inside > PREFLIGHT_OBJECTS_MAX :
	    ++w->outside > PREFLIGHT_MAX)
		return fault_new(FAULT_TRUST, "the hub at %s was not opened: "
		    "it holds more files than any hub of ours", w->hub);
	return NULL;
}

static fault walk_dir(struct walk *, int fd, const char *dir,
    enum place place, int depth);

static fault
walk_below(struct walk *w, int fd, const char *dir, enum place place, int depth)
{
	const char *name = w->e->d_name;
	char *sub = dir[0] == '\0' ? mem_text(name) : path_join(dir, name);
	int at = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	fault f;

	if (at >= 0)
		f = walk_dir(w, at, sub, below(place, name), depth + 1);
	else if (errno == ENOENT)
		f = NULL;	/* another device has just tidied it */
	else
		f = fault_errno(FAULT_HUB, "the hub at %s cannot be read",
		    w->hub);
	free(sub);
	return f;
}

static fault
walk_entry(struct walk *w, int fd, const char *dir, enum place place, int depth)
{
	bool inside = place == OBJECTS || place == FAN || place == PACK;
	struct stat st;
	fault f;

	if ((f = count(w, inside)) != NULL)
		return f;
	if (fstatat(fd, w->e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? NULL : fault_errno(FAULT_HUB,
		    "the hub at %s cannot be read", w->hub);
	w->dir = dir;
	w->mode = st.st_mode;
	if ((f = check_name(w, place)) != NULL)
		return f;
	if (!S_ISDIR(st.st_mode))
		return NULL;
	if (depth == DEPTH_MAX)
		return refuse(w, "lies too deep");
	return walk_below(w, fd, dir, place, depth);
}

/* Takes fd. */
static fault
walk_dir(struct walk *w, int fd, const char *dir, enum place place, int depth)
{
	DIR *d = fdopendir(fd);
	fault f = NULL;

	if (d == NULL) {
		close(fd);
		return fault_errno(FAULT_HUB, "the hub at %s cannot be read",
		    w->hub);
	}
	while (f == NULL && (errno = 0, w->e = readdir(d)) != NULL)
		if (strcmp(w->e->d_name, ".") != 0 &&
		    strcmp(w->e->d_name, "..") != 0)
			f = walk_entry(w, dirfd(d), dir, place, depth);
	if (f == NULL && errno != 0)
		f = fault_errno(FAULT_HUB, "the hub at %s cannot be read",
		    w->hub);
	closedir(d);
	return f;
}

/* The file must be there with exactly these bytes. */
static fault
exact(const char *hub, const char *name, const char *want)
{
	char *path = path_join(hub, name);
	struct buf b = BUF_EMPTY;
	fault f = file_read(&b, path, EXACT_MAX);

	if (f == NULL && !bytes_is(buf_view(&b), want))
		f = fault_new(FAULT_TRUST, "the hub at %s was not opened: its "
		    "%s is not as we write it", hub, name);
	else if (f != NULL && (f->code == FAULT_FAIL ||
	    f->code == FAULT_DENIED))
		f = fault_while(fault_new(FAULT_HUB, "%s", f->text),
		    "the hub at %s cannot be read", hub);
	else if (f != NULL)
		f = fault_new(FAULT_TRUST, "the hub at %s was not opened: its "
		    "%s is missing or is no file of ours", hub, name);
	buf_free(&b);
	free(path);
	return f;
}

static bool
has(int fd, const char *name)
{
	struct stat st;

	return fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static fault
open_top(int *fd, const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT || errno == ENOTDIR ? gone(path) :
		    fault_errno(FAULT_HUB, "the hub at %s cannot be read", path);
	if (S_ISLNK(st.st_mode))
		return fault_new(FAULT_TRUST, "%s is a link and was not opened;"
		    " give the folder that it points to", path);
	if (!S_ISDIR(st.st_mode))
		return fault_new(FAULT_HUB, "%s is not a folder", path);
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd < 0)
		return fault_errno(FAULT_HUB, "the hub at %s cannot be read",
		    path);
	if (!has(*fd, "HEAD") && !has(*fd, "config") && !has(*fd, "objects") &&
	    !has(*fd, "refs")) {
		close(*fd);
		return fault_new(FAULT_HUB, "there is no hub in %s (is the "
		    "stick in?); a new one is made with: fieldkit hub init",
		    path);
	}
	return NULL;
}

fault
preflight(const char *path)
{
	static const char *const dirs[] = { "objects", "refs" };
	struct walk w = { path, 0, 0, NULL, "", 0 };
	bool there[2];
	int fd = -1;
	fault f = open_top(&fd, path);

	if (f != NULL)
		return f;
	for (int i = 0; i < 2; i++)
		there[i] = has(fd, dirs[i]);
	if ((f = walk_dir(&w, fd, "", TOP, 0)) != NULL ||
	    (f = exact(path, "config", repo_config)) != NULL ||
	    (f = exact(path, "HEAD", repo_head)) != NULL)
		return f;
	for (int i = 0; i < 2; i++)
		if (!there[i])
			return fault_new(FAULT_TRUST, "the hub at %s was not "
			    "opened: its folder %s is missing", path, dirs[i]);
	return NULL;
}
