/*
 * repo -- a bare git repository as a box of verified objects and refs.
 *
 * No object above 1 MiB is read but where more is asked for, and the hash of
 * each is computed again.  Nothing here knows keys.
 */
#ifndef SYNC_REPO_H
#define SYNC_REPO_H

#include "sync/packfile.h"
#include "sync/refdb.h"

struct repo;

struct tree_entry {
	char		name[64];
	struct oid	blob;		/* mode 100644 only */
};

/* Make a bare repository at path (mode 0700), HEAD at refs/heads/main. */
fault repo_create(const char *path) MUST_CHECK;
/* FAULT_ABSENT if there is none. */
fault repo_open(struct repo **, const char *path) MUST_CHECK;
/*
 * As repo_open, for a hub after its pre-flight: what the disk refuses is
 * FAULT_HUB.  notes: see lockfile.h (NULL: none).
 */
fault repo_open_hub(struct repo **, const char *path, const char *notes)
    MUST_CHECK;
void repo_close(struct repo *);
const char *repo_path(const struct repo *);
const struct gitdir *repo_dir(const struct repo *);

/*
 * Append the object's bytes to out.  FAULT_ABSENT if it is not there;
 * FAULT_FORMAT if it is of another type, longer than max, or damaged.
 */
fault repo_read(struct buf *out, struct repo *, const struct oid *,
    enum object_type, size_t max) MUST_CHECK;
/*
 * Append a blob of which a signed commit tells the hash; its name, which says
 * less, is not computed.  False: it is not that, and nothing was appended;
 * repo_read knows why.
 */
bool repo_read_hashed(struct buf *out, struct repo *, const struct oid *,
    size_t max, const struct hash *);
/* Type and length without reading it (both as the object claims). */
fault repo_header(enum object_type *, size_t *len, struct repo *,
    const struct oid *) MUST_CHECK;
/* Does not look for packs that came since: repo_refresh. */
bool repo_has(struct repo *, const struct oid *);

/* FAULT_INVALID for more than 1 MiB. */
fault repo_write(struct oid *, struct repo *, enum object_type, struct bytes)
    MUST_CHECK;
/* As repo_write, for a blob of at most max bytes: ref_blob_max. */
fault repo_write_blob(struct oid *, struct repo *, struct bytes, size_t max)
    MUST_CHECK;
/* A tree of blobs; entries in any order. */
fault repo_write_tree(struct oid *, struct repo *, const struct tree_entry *,
    size_t n) MUST_CHECK;
/* At most max entries, sorted.  FAULT_FORMAT for any other mode or name. */
fault repo_read_tree(struct tree_entry **, size_t *n, struct repo *,
    const struct oid *, size_t max) MUST_CHECK;
/*
 * libgit2's three-way tree merge.  ancestor may be NULL.  FAULT_DECIDE if a
 * path was changed on both sides; FAULT_FAIL if this machine has no libgit2.
 */
fault repo_merge_trees(struct oid *, struct repo *, const struct oid *ancestor,
    const struct oid *ours, const struct oid *theirs) MUST_CHECK;

/* FAULT_ABSENT if there is none. */
fault repo_ref(struct oid *, struct repo *, const char *name) MUST_CHECK;
/* All below prefix, sorted by name; at most max (FAULT_FORMAT above). */
fault repo_refs(struct repo_ref **, size_t *n, struct repo *,
    const char *prefix, size_t max) MUST_CHECK;
/*
 * Compare and swap: FAULT_RACE if the ref is not at old (NULL: must not
 * exist).  Durable when it returns.
 */
fault repo_ref_move(struct repo *, const char *name, const struct oid *old,
    const struct oid *new) MUST_CHECK;
/* Whatever its value is; one that is not there is fine. */
fault repo_ref_delete(struct repo *, const char *name) MUST_CHECK;

/*
 * Write one pack of these objects of `from`, each of at most max bytes, into
 * another repository.
 */
fault repo_pack(struct repo *from, const struct oid *oids, size_t n,
    const struct gitdir *to, size_t max) MUST_CHECK;

/*
 * When packs or loose objects are many: one pack of all but the largest packs
 * (so the work stays in proportion), then remove what it replaces.  Others
 * may read and write meanwhile.
 */
fault repo_consolidate(struct repo *) MUST_CHECK;

/*
 * Under the device's own lock: remove *.lock and tmp_* that a dead process
 * left in this (own) repository, and consolidate.
 */
fault repo_tidy(struct repo *) MUST_CHECK;

/* Look again for packs that another process wrote. */
void repo_refresh(struct repo *);

#endif
