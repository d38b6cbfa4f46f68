#include "sync/refdb.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync/base/codec.h"
#include "sync/base/file.h"
#include "sync/lockfile.h"

#define PACKED_MAX	(1u << 20)	/* bytes of packed-refs */
#define LOOSE_MAX	256		/* bytes of a loose ref that we look at */
#define DEPTH_MAX	8
#define TRIES		4

static bool
name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

static bool
part_ok(const char *s, size_t len)
{
	if (len == 0 || s[0] == '.' || s[len - 1] == '.')
		return false;
	if (len >= 5 && memcmp(s + len - 5, ".lock", 5) == 0)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!name_char(s[i]) || (i > 0 && s[i] == '.' &&
		    s[i - 1] == '.'))
			return false;
	return true;
}

bool
ref_name_ok(const char *name)
{
	if (strncmp(name, "refs/", 5) != 0 || strlen(name) >= REF_MAX)
		return false;
	for (const char *s = name + 5;;) {
		size_t len = strcspn(s, "/");

		if (!part_ok(s, len))
			return false;
		if (s[len] == '\0')
			return true;
		s += len + 1;
	}
}

/* ---- packed-refs -------------------------------------------------------- */

static fault
packed_load(struct buf *out, const struct gitdir *g)
{
	char *path = gitdir_path(g, "packed-refs");
	fault f = NULL;

	if (file_exists(path))
		f = file_read(out, path, PACKED_MAX);
	free(path);
	return f;
}

/* The next line of text from *pos, without its newline; false at the end. */
static bool
next_line(struct bytes *line, struct bytes text, size_t *pos)
{
	const uint8_t *nl;

	if (*pos >= text.len)
		return false;
	line->at = text.at + *pos;
	nl = memchr(line->at, '\n', text.len - *pos);
	line->len = nl == NULL ? text.len - *pos : (size_t)(nl - line->at);
	*pos += line->len + 1;
	return true;
}

/* "<40 hex> <name>"; other lines (headers, peeled tags) are none of ours. */
static bool
packed_line(struct repo_ref *r, struct bytes line)
{
	struct bytes hex = { line.at, 40 };

	if (line.len < 42 || line.len - 41 >= sizeof r->name ||
	    line.at[40] != ' ' || !hex_parse(r->oid.b, OID_LEN, hex))
		return false;
	memcpy(r->name, line.at + 41, line.len - 41);
	r->name[line.len - 41] = '\0';
	return true;
}

static fault
packed_read(struct oid *out, const struct gitdir *g, const char *name)
{
	struct buf text = BUF_EMPTY;
	struct repo_ref r;
	struct bytes line;
	size_t pos = 0;
	bool found = false;
	fault f = packed_load(&text, g);

	while (f == NULL && !found && next_line(&line, buf_view(&text), &pos))
		found = packed_line(&r, line) && strcmp(r.name, name) == 0;
	buf_free(&text);
	if (f == NULL && !found)
		f = fault_new(FAULT_ABSENT, "there is no ref %s in %s", name,
		    g->path);
	if (f == NULL)
		*out = r.oid;
	return f;
}

/* Write packed-refs again without name.  Under the lock of the ref. */
static fault
packed_remove(const struct gitdir *g, const char *name)
{
	struct lockfile l = LOCKFILE_NONE;
	struct buf text = BUF_EMPTY, out = BUF_EMPTY;
	struct bytes line;
	struct repo_ref r;
	size_t pos = 0;
	bool gone = false, skip = false, lost = false;
	fault f;

	if ((f = lockfile_take(&l, g, "packed-refs", "#")) != NULL ||
	    (f = packed_load(&text, g)) != NULL)
		goto done;
	while (next_line(&line, buf_view(&text), &pos)) {
		/* A peeled line goes with the ref before it. */
		if (line.len == 0 || line.at[0] != '^')
			skip = packed_line(&r, line) &&
			    strcmp(r.name, name) == 0;
		gone |= skip;
		if (!skip) {
			buf_add_bytes(&out, line);
			put_u8(&out, '\n');
		}
	}
	if (gone)
		f = lockfile_commit(&l, g, buf_view(&out), &lost);
	if (lost)
		f = fault_new(FAULT_RACE, "%s was changed by another process",
		    name);
done:
	lockfile_drop(&l);
	buf_free(&text);
	buf_free(&out);
	return f;
}

/* ---- loose -------------------------------------------------------------- */

static bool
loose_read(struct oid *out, const struct gitdir *g, const char *name)
{
	char *path = gitdir_path(g, name);
	struct buf text = BUF_EMPTY;
	bool ok = file_read(&text, path, LOOSE_MAX) == NULL &&
	    (text.len == 40 || (text.len == 41 && text.at[40] == '\n')) &&
	    hex_parse(out->b, OID_LEN, (struct bytes){ text.at, 40 });

	buf_free(&text);
	free(path);
	return ok;
}

fault
refdb_read(struct oid *out, const struct gitdir *g, const char *name)
{
	if (!ref_name_ok(name))
		return fault_new(FAULT_ABSENT, "%s is not the name of a ref",
		    name);
	if (loose_read(out, g, name))
		return NULL;
	return packed_read(out, g, name);
}

static void
list_add(struct refs *l, size_t *room, const struct repo_ref *r)
{
	if (l->n == *room) {
		*room = *room == 0 ? 64 : *room * 2;
		l->at = mem_grow(l->at, *room * sizeof l->at[0]);
	}
	l->at[l->n++] = *r;
}

struct walk {
	const struct gitdir *g;
	struct refs	*to;
	size_t		room, max;
};

static fault list_dir(struct walk *, const char *name, int depth);

static fault
list_one(struct walk *w, const char *dir, const char *part, int depth)
{
	struct repo_ref r = { 0 };
	struct stat st;
	size_t len = strlen(part), above = strlen(dir);
	char *path;
	bool there;

	/* Locks and the like are not refs, and nobody counts them. */
	if (part[0] == '.' || (len >= 5 && strcmp(part + len - 5, ".lock") == 0))
		return NULL;
	if (above + 1 + len >= sizeof r.name) {
		w->to->odd++;
		return NULL;
	}
	memcpy(r.name, dir, above);
	r.name[above] = '/';
	memcpy(r.name + above + 1, part, len);
	path = gitdir_path(w->g, r.name);
	there = lstat(path, &st) == 0;
	free(path);
	if (there && S_ISDIR(st.st_mode))
		return list_dir(w, r.name, depth + 1);
	if (ref_name_ok(r.name) && loose_read(&r.oid, w->g, r.name))
		list_add(w->to, &w->room, &r);
	else
		w->to->odd++;
	if (w->to->n + w->to->odd > w->max)
		return fault_new(FAULT_FORMAT, "more than %zu refs in %s",
		    w->max, w->g->path);
	return NULL;
}

static fault
list_dir(struct walk *w, const char *name, int depth)
{
	char *path = gitdir_path(w->g, name);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	fault f = NULL;

	free(path);
	if (d == NULL && fd >= 0)
		close(fd);
	if (d == NULL)
		return errno == ENOENT ? NULL : fault_errno(w->g->broken,
		    "cannot read %s in %s", name, w->g->path);
	while (f == NULL && depth < DEPTH_MAX && (e = readdir(d)) != NULL)
		f = list_one(w, name, e->d_name, depth);
	closedir(d);
	return f;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct repo_ref *)a)->name,
	    ((const struct repo_ref *)b)->name);
}

static void
sort(struct refs *l)
{
	if (l->n > 0)
		qsort(l->at, l->n, sizeof l->at[0], by_name);
}

/* Those of packed-refs that no loose file overrides. */
static fault
list_packed(struct walk *w, const char *prefix)
{
	struct buf text = BUF_EMPTY;
	struct bytes line;
	struct repo_ref r;
	size_t pos = 0, loose = w->to->n;
	fault f = packed_load(&text, w->g);

	while (f == NULL && next_line(&line, buf_view(&text), &pos)) {
		if (!packed_line(&r, line) ||
		    strncmp(r.name, prefix, strlen(prefix)) != 0)
			continue;
		if (!ref_name_ok(r.name))
			w->to->odd++;
		else if (loose == 0 || bsearch(&r, w->to->at, loose, sizeof r,
		    by_name) == NULL)
			list_add(w->to, &w->room, &r);
		if (w->to->n + w->to->odd > w->max)
			f = fault_new(FAULT_FORMAT, "more than %zu refs in %s",
			    w->max, w->g->path);
	}
	buf_free(&text);
	return f;
}

fault
refdb_list(struct refs *out, const struct gitdir *g, const char *prefix,
    size_t max)
{
	struct refs l = REFS_EMPTY;
	struct walk w = { g, &l, 0, max };
	char *dir = mem_text(prefix);
	fault f;

	if (dir[0] != '\0' && dir[strlen(dir) - 1] == '/')
		dir[strlen(dir) - 1] = '\0';
	if ((f = list_dir(&w, dir, 0)) != NULL)
		goto done;
	sort(&l);
	if ((f = list_packed(&w, prefix)) != NULL)
		goto done;
	sort(&l);
	*out = l;
	l.at = NULL;
done:
	free(l.at);
	free(dir);
	return f;
}

void
refdb_free(struct refs *l)
{
	free(l->at);
	*l = (struct refs)REFS_EMPTY;
}

/* ---- compare and swap --------------------------------------------------- */

static fault
compare(const struct gitdir *g, const char *name, const struct oid *old)
{
	struct oid now;
	fault f = refdb_read(&now, g, name);

	if (f != NULL && f->code != FAULT_ABSENT)
		return f;
	if (f != NULL ? old == NULL : old != NULL && oid_eq(&now, old))
		return NULL;
	return fault_new(FAULT_RACE, "%s was moved by another device first; "
	    "nothing was lost; try again", name);
}

/*
 * The packed entry goes first: the other way round, a kill in between would
 * bring an old value back.
 */
static fault
remove_ref(const struct gitdir *g, const char *name)
{
	char *path = gitdir_path(g, name), *dir = mem_text(path);
	struct oid packed;
	fault f = packed_read(&packed, g, name);

	*strrchr(dir, '/') = '\0';
	if (f == NULL)
		f = packed_remove(g, name);
	else if (f->code == FAULT_ABSENT)
		f = NULL;
	if (f == NULL && unlink(path) != 0 && errno != ENOENT)
		f = gitdir_errno(g);
	if (f == NULL)
		f = gitdir_sync(g, dir);
	free(dir);
	free(path);
	return f;
}

static fault
move_once(const struct gitdir *g, const char *name, const struct oid *old,
    const struct oid *new, bool *lost)
{
	struct lockfile l = LOCKFILE_NONE;
	char hex[42] = "delete";
	fault f;

	*lost = false;
	if (new != NULL) {
		oid_hex(hex, new);
		hex[40] = '\0';
	}
	if ((f = lockfile_take(&l, g, name, hex)) != NULL ||
	    (f = compare(g, name, old)) != NULL)
		goto done;
	if (new == NULL) {
		f = remove_ref(g, name);
		goto done;
	}
	memcpy(hex + 40, "\n", 2);
	f = lockfile_commit(&l, g, (struct bytes){ (uint8_t *)hex, 41 }, lost);
done:
	lockfile_drop(&l);
	return f;
}

fault
refdb_move(const struct gitdir *g, const char *name, const struct oid *old,
    const struct oid *new)
{
	bool lost = true;
	fault f;

	if (!ref_name_ok(name))
		return fault_new(FAULT_INVALID, "%s is not the name of a ref",
		    name);
	if ((f = gitdir_parents(g, name)) != NULL)
		return f;
	for (int i = 0; i < TRIES && lost && f == NULL; i++)
		f = move_once(g, name, old, new, &lost);
	if (f == NULL && lost)
		f = fault_new(FAULT_RACE, "%s is always in use by others; "
		    "nothing was lost; try again", name);
	return f;
}
