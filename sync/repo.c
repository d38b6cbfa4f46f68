#include "sync/repo.h"

#include <stdlib.h>
#include <string.h>

#include "sync/loose.h"
#include "sync/repo_own.h"

/* ---- open --------------------------------------------------------------- */

static fault
open_as(struct repo **out, const char *path, enum fault_code broken,
    const char *notes)
{
	struct repo *r = mem_new(sizeof *r);
	fault f = gitdir_open(&r->dir, path, broken);

	if (f != NULL) {
		free(r);
		return f;
	}
	if (notes != NULL)
		r->dir.notes = mem_text(notes);
	r->packs = packs_new(&r->dir);
	*out = r;
	return NULL;
}

fault
repo_create(const char *path)
{
	return gitdir_make(path, 0700, FAULT_FAIL);
}

fault
repo_open(struct repo **out, const char *path)
{
	return open_as(out, path, FAULT_FAIL, NULL);
}

fault
repo_open_hub(struct repo **out, const char *path, const char *notes)
{
	return open_as(out, path, FAULT_HUB, notes);
}

void
repo_close(struct repo *r)
{
	if (r == NULL)
		return;
	repo_git_free(r->git);
	packs_free(r->packs);
	gitdir_close(&r->dir);
	free(r);
}

const char *
repo_path(const struct repo *r)
{
	return r->dir.path;
}

const struct gitdir *
repo_dir(const struct repo *r)
{
	return &r->dir;
}

void
repo_refresh(struct repo *r)
{
	packs_refresh(r->packs);
}

/* ---- objects ------------------------------------------------------------ */

bool
repo_has(struct repo *r, const struct oid *oid)
{
	struct packread *p;
	uint64_t offset;

	return (packs_find(&p, &offset, r->packs, oid) == NULL && p != NULL) ||
	    loose_has(&r->dir, oid);
}

/*
 * One look: in the packs, then loose.  *len is the most that may be read; out
 * NULL: what it claims to be, and *len how long.
 */
static fault
look(struct buf *out, enum object_type *type, size_t *len, struct repo *r,
    const struct oid *oid)
{
	struct packread *p;
	uint64_t offset, n;
	fault f = packs_find(&p, &offset, r->packs, oid), g;

	if (f == NULL && p != NULL) {
		if (out != NULL)
			return packread_bytes(out, type, p, offset, *len);
		f = packread_head(type, &n, p, offset);
		*len = f == NULL ? (size_t)n : 0;
		return f;
	}
	g = out == NULL ? loose_head(type, len, &r->dir, oid) :
	    loose_read(out, type, &r->dir, oid, *len);
	/* "Absent" only if every pack could be asked. */
	return g != NULL && g->code == FAULT_ABSENT && f != NULL ? f : g;
}

/*
 * A second time after looking for packs again: another process may have
 * written one, or consolidated that which we knew.
 */
static fault
look_twice(struct buf *out, enum object_type *type, size_t *len,
    struct repo *r, const struct oid *oid)
{
	size_t start = out == NULL ? 0 : out->len;
	char hex[41];
	fault f = look(out, type, len, r, oid);

	if (f == NULL)
		return NULL;
	if (out != NULL)
		out->len = start;
	packs_refresh(r->packs);
	f = look(out, type, len, r, oid);
	oid_hex(hex, oid);
	if (f != NULL && f->code == FAULT_ABSENT)
		f = fault_new(FAULT_ABSENT, "object %s is not in %s", hex,
		    r->dir.path);
	return f;
}

fault
repo_header(enum object_type *type, size_t *len, struct repo *r,
    const struct oid *oid)
{
	fault f = look_twice(NULL, type, len, r, oid);

	if (f == NULL && *type == 0)
		f = fault_new(FAULT_FORMAT, "an object in %s is of a kind that "
		    "we never write", r->dir.path);
	return f;
}

fault
repo_object(struct buf *out, enum object_type *type, struct repo *r,
    const struct oid *oid, size_t max)
{
	size_t start = out->len;
	struct oid is;
	char hex[41];
	fault f = look_twice(out, type, &max, r, oid);

	if (f != NULL || *type == 0)
		return f;
	loose_name(&is, *type, (struct bytes){ out->at + start,
	    out->len - start });
	if (oid_eq(&is, oid))
		return NULL;
	out->len = start;
	oid_hex(hex, oid);
	return fault_new(FAULT_FORMAT, "object %s in %s is damaged", hex,
	    r->dir.path);
}

fault
repo_read(struct buf *out, struct repo *r, const struct oid *oid,
    enum object_type type, size_t max)
{
	enum object_type is;
	size_t start = out->len;
	char hex[41];
	/* Of another form, it may be read to say so. */
	fault f = repo_object(out, &is, r, oid,
	    max > REPO_OBJECT_MAX ? max : REPO_OBJECT_MAX);

	oid_hex(hex, oid);
	if (f == NULL && is != type)
		f = fault_new(FAULT_FORMAT, "object %s is of another type",
		    hex);
	else if (f == NULL && out->len - start > max)
		f = fault_new(FAULT_FORMAT, "object %s is larger than the %zu "
		    "bytes allowed", hex, max);
	if (f != NULL)
		out->len = start;
	return f;
}

bool
repo_read_hashed(struct buf *out, struct repo *r, const struct oid *oid,
    size_t max, const struct hash *want)
{
	size_t start = out->len, most = max;
	enum object_type type;
	struct hash h;
	bool same = false;

	if (look_twice(out, &type, &most, r, oid) == NULL &&
	    type == OBJECT_BLOB) {
		h = hash_of((struct bytes){ out->at + start,
		    out->len - start });
		same = hash_eq(&h, want);
	}
	if (!same)
		out->len = start;
	return same;
}

static fault
write_object(struct oid *out, struct repo *r, enum object_type type,
    struct bytes data, size_t max)
{
	struct oid oid;
	fault f;

	if (data.len > max)
		return fault_new(FAULT_INVALID, "an object of %zu bytes is "
		    "larger than allowed", data.len);
	loose_name(&oid, type, data);
	f = repo_has(r, &oid) ? NULL : loose_write(&r->dir, &oid, type, data);
	if (f == NULL)
		*out = oid;
	return f;
}

fault
repo_write(struct oid *out, struct repo *r, enum object_type type,
    struct bytes data)
{
	return write_object(out, r, type, data, REPO_OBJECT_MAX);
}

fault
repo_write_blob(struct oid *out, struct repo *r, struct bytes data, size_t max)
{
	return write_object(out, r, OBJECT_BLOB, data, max);
}

/* ---- refs --------------------------------------------------------------- */

fault
repo_ref(struct oid *out, struct repo *r, const char *name)
{
	return refdb_read(out, &r->dir, name);
}

fault
repo_refs(struct repo_ref **out, size_t *n, struct repo *r, const char *prefix,
    size_t max)
{
	struct refs l = REFS_EMPTY;
	fault f = refdb_list(&l, &r->dir, prefix, max);

	if (f == NULL) {
		*out = l.at;
		*n = l.n;
	}
	return f;
}

fault
repo_ref_move(struct repo *r, const char *name, const struct oid *old,
    const struct oid *new)
{
	return refdb_move(&r->dir, name, old, new);
}

fault
repo_ref_delete(struct repo *r, const char *name)
{
	struct oid now;
	fault f = refdb_read(&now, &r->dir, name);

	if (f != NULL)
		return f->code == FAULT_ABSENT ? NULL : f;
	return refdb_move(&r->dir, name, &now, NULL);
}
