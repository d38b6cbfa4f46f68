/*
 * repo_tree -- trees of blobs: written, read with bounds, merged.
 */
#include <stdlib.h>
#include <string.h>

#include "sync/base/codec.h"
#include "sync/repo.h"
#include "sync/repo_own.h"

/* "100644 " name NUL oid. */
#define ENTRY_MAX (7 + sizeof((struct tree_entry *)NULL)->name + OID_LEN)
#define MERGE_MAX 1024

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct tree_entry *)a)->name,
	    ((const struct tree_entry *)b)->name);
}

/* Names that no file system and no git takes for something else. */
static bool
name_ok(const char *s)
{
	if (s[0] == '\0' || s[0] == '.')
		return false;
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~' || *s == '/' || *s == '\\' ||
		    *s == ':')
			return false;
	return true;
}

fault
repo_write_tree(struct oid *out, struct repo *r, const struct tree_entry *e,
    size_t n)
{
	struct tree_entry *sorted = mem_new(n * sizeof *sorted);
	struct buf b = BUF_EMPTY;
	fault f = NULL;

	if (n > 0) {
		memcpy(sorted, e, n * sizeof *sorted);
		qsort(sorted, n, sizeof *sorted, by_name);
	}
	for (size_t i = 0; i < n && f == NULL; i++) {
		if (!name_ok(sorted[i].name) || (i > 0 &&
		    by_name(&sorted[i - 1], &sorted[i]) == 0))
			f = fault_new(FAULT_INVALID, "not a list of names for "
			    "a tree");
		buf_text(&b, "100644 %s", sorted[i].name);
		put_u8(&b, 0);
		buf_add(&b, sorted[i].blob.b, OID_LEN);
	}
	if (f == NULL)
		f = repo_write(out, r, OBJECT_TREE, buf_view(&b));
	buf_free(&b);
	free(sorted);
	return f;
}

static bool
entry_read(struct tree_entry *e, struct reader *r)
{
	struct bytes mode = get_bytes(r, 7);
	size_t n = 0;

	while (n < sizeof e->name && (e->name[n] = (char)get_u8(r)) != '\0')
		n++;
	get_copy(r, e->blob.b, OID_LEN);
	return reader_ok(r) && n < sizeof e->name && bytes_is(mode, "100644 ")
	    && name_ok(e->name);
}

fault
repo_read_tree(struct tree_entry **out, size_t *n, struct repo *r,
    const struct oid *oid, size_t max)
{
	struct buf raw = BUF_EMPTY;
	struct tree_entry *e = NULL;
	struct reader in;
	size_t got = 0;
	fault f = repo_read(&raw, r, oid, OBJECT_TREE, max * ENTRY_MAX);

	if (f != NULL)
		goto done;
	e = mem_new(max * sizeof *e);
	for (in = reader_of(buf_view(&raw)); reader_left(&in) > 0; got++) {
		if (got == max || !entry_read(&e[got], &in) || (got > 0 &&
		    by_name(&e[got - 1], &e[got]) >= 0)) {
			f = fault_new(FAULT_FORMAT, "a tree of %s holds what "
			    "we never write", repo_path(r));
			goto done;
		}
	}
	*out = e;
	*n = got;
	e = NULL;
done:
	buf_free(&raw);
	free(e);
	return f;
}

/* ---- merge -------------------------------------------------------------- */

struct side {
	struct tree_entry *at;
	size_t		n;
};

static const struct oid *
find(const struct side *s, const struct tree_entry *key)
{
	const struct tree_entry *e = s->n == 0 ? NULL :
	    bsearch(key, s->at, s->n, sizeof s->at[0], by_name);

	return e == NULL ? NULL : &e->blob;
}

static bool
same(const struct oid *a, const struct oid *b)
{
	return a == NULL || b == NULL ? a == b : oid_eq(a, b);
}

/*
 * libgit2 would try to merge two texts line by line; here a path that both
 * sides changed is always for people.
 */
static fault
refuse_both(const struct side *from, const struct side s[3])
{
	for (size_t i = 0; i < from->n; i++) {
		const struct oid *a = find(&s[0], &from->at[i]);
		const struct oid *o = find(&s[1], &from->at[i]);
		const struct oid *t = find(&s[2], &from->at[i]);

		if (!same(o, a) && !same(t, a) && !same(o, t))
			return fault_new(FAULT_DECIDE, "%s was changed on both "
			    "sides", from->at[i].name);
	}
	return NULL;
}

fault
repo_merge_trees(struct oid *out, struct repo *r, const struct oid *ancestor,
    const struct oid *ours, const struct oid *theirs)
{
	const struct oid *const oids[3] = { ancestor, ours, theirs };
	struct side s[3] = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
	fault f = NULL;

	for (int i = 0; i < 3 && f == NULL; i++)
		if (oids[i] != NULL)
			f = repo_read_tree(&s[i].at, &s[i].n, r, oids[i],
			    MERGE_MAX);
	if (f == NULL && (f = refuse_both(&s[1], s)) == NULL &&
	    (f = refuse_both(&s[2], s)) == NULL)
		f = repo_git_merge(out, r, oids);
	for (int i = 0; i < 3; i++)
		free(s[i].at);
	return f;
}
