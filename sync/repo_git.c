/*
 * repo_git -- libgit2, for its merge of trees alone; loaded when the first
 * trees are merged.
 *
 * Most commands merge none, and libgit2 is slow to start: 14 more libraries
 * come with it (Kerberos, TLS, ssh), and it reads every certificate of the
 * system.  So the program is not linked with it.  It opens no folder: our
 * objects are handed to it one by one, so nothing in a folder can lead it
 * anywhere.
 */
#include <stdlib.h>
#include <string.h>

#include <git2.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>

#include "sync/base/library.h"
#include "sync/repo.h"
#include "sync/repo_own.h"

#define CACHE_MAX ((ssize_t)1 << 20)

/* The Makefile's, from the library beside these headers. */
_Static_assert(sizeof LIBGIT2_SONAME > 1, "libgit2.so has no name");

/* All that is called of it. */
#define EACH(X) \
	X(git_libgit2_init) X(git_libgit2_opts) X(git_error_set_str) \
	X(git_odb_new) X(git_odb_free) X(git_odb_init_backend) \
	X(git_odb_add_backend) X(git_odb_backend_data_alloc) \
	X(git_repository_wrap_odb) X(git_repository_set_config) \
	X(git_repository_free) X(git_config_new) X(git_config_free) \
	X(git_merge_options_init) X(git_merge_trees) X(git_tree_lookup) \
	X(git_tree_free) X(git_index_write_tree_to) X(git_index_free)

struct lib {
#define MEMBER(name) __typeof__(name) *(name);
	EACH(MEMBER)
#undef MEMBER
};

struct repo_git {
	struct lib	lib;
	git_repository	*repo;		/* around our objects */
};

/* ---- loading ------------------------------------------------------------ */

/* fsync on; no configuration of the user is read. */
static int
set_options(const struct lib *l)
{
	int r = 0;

	for (int level = GIT_CONFIG_LEVEL_PROGRAMDATA;
	    level <= GIT_CONFIG_LEVEL_GLOBAL && r == 0; level++)
		r = l->git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
	if (r != 0)
		return r;
	/* Who owns a file says nothing on FAT; signatures do. */
	r |= l->git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	r |= l->git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
	r |= l->git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 1);
	r |= l->git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
	r |= l->git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, CACHE_MAX);
	return r;
}

/* Never shut down: the next repository would read the certificates again. */
static fault
load(struct lib *l)
{
#define NAME(name) #name,
	static const char *const names[] = { EACH(NAME) };
#undef NAME
	fault f = library_load(l, names, sizeof names / sizeof *names,
	    LIBGIT2_SONAME);

	if (f != NULL)
		return fault_while(f, "merging");
	if (l->git_libgit2_init() < 0 || set_options(l) != 0)
		return fault_new(FAULT_FAIL, "libgit2 cannot be started");
	return NULL;
}

/* ---- our objects as libgit2 wants to see them --------------------------- */

struct backend {
	git_odb_backend	parent;		/* first: libgit2 sees only this */
	struct repo	*repo;
	const struct lib *lib;
};

static struct backend *
ours(git_odb_backend *b)
{
	return (struct backend *)b;
}

static struct oid
our_name(const git_oid *id)
{
	struct oid o;

	memcpy(o.b, id->id, OID_LEN);
	return o;
}

static git_object_t
their_type(enum object_type t)
{
	return t == OBJECT_COMMIT ? GIT_OBJECT_COMMIT :
	    t == OBJECT_TREE ? GIT_OBJECT_TREE : GIT_OBJECT_BLOB;
}

static int
answer(const struct backend *b, fault f)
{
	if (f == NULL)
		return 0;
	b->lib->git_error_set_str(GIT_ERROR_ODB, f->text);
	return f->code == FAULT_ABSENT ? GIT_ENOTFOUND : GIT_ERROR;
}

static int
backend_exists(git_odb_backend *b, const git_oid *id)
{
	struct oid o = our_name(id);

	return repo_has(ours(b)->repo, &o);
}

static int
backend_read_header(size_t *len, git_object_t *type, git_odb_backend *b,
    const git_oid *id)
{
	struct oid o = our_name(id);
	enum object_type t;
	int e = answer(ours(b), repo_header(&t, len, ours(b)->repo, &o));

	if (e == 0)
		*type = their_type(t);
	return e;
}

static int
backend_read(void **data, size_t *len, git_object_t *type, git_odb_backend *b,
    const git_oid *id)
{
	struct oid o = our_name(id);
	struct buf out = BUF_EMPTY;
	enum object_type t;
	int e = answer(ours(b), repo_object(&out, &t, ours(b)->repo, &o,
	    REPO_OBJECT_MAX));

	if (e == 0 && (*data = ours(b)->lib->git_odb_backend_data_alloc(b,
	    out.len + 1)) == NULL)
		e = GIT_ERROR;
	if (e == 0) {
		memcpy(*data, buf_cstr(&out), out.len);
		*len = out.len;
		*type = their_type(t);
	}
	buf_free(&out);
	return e;
}

static int
backend_write(git_odb_backend *b, const git_oid *id, const void *data,
    size_t len, git_object_t type)
{
	struct oid o;

	(void)id;
	if (type != GIT_OBJECT_TREE)
		return GIT_ERROR;
	return answer(ours(b), repo_write(&o, ours(b)->repo, OBJECT_TREE,
	    (struct bytes){ data, len }));
}

static void
backend_free(git_odb_backend *b)
{
	free(b);
}

static int
add_backend(git_odb *odb, struct repo *r, const struct lib *l)
{
	struct backend *b = mem_new(sizeof *b);
	int e = l->git_odb_init_backend(&b->parent, GIT_ODB_BACKEND_VERSION);

	b->repo = r;
	b->lib = l;
	b->parent.exists = backend_exists;
	b->parent.read_header = backend_read_header;
	b->parent.read = backend_read;
	b->parent.write = backend_write;
	b->parent.free = backend_free;
	if (e == 0)
		e = l->git_odb_add_backend(odb, &b->parent, 1);
	if (e != 0)
		free(b);
	return e;
}

/* With an empty configuration: else libgit2 goes looking for one. */
static int
wrap(struct repo_git *g, struct repo *r)
{
	const struct lib *l = &g->lib;
	git_config *empty = NULL;
	git_odb *odb = NULL;
	int e;

	if ((e = l->git_odb_new(&odb)) == 0 &&
	    (e = add_backend(odb, r, l)) == 0 &&
	    (e = l->git_repository_wrap_odb(&g->repo, odb)) == 0 &&
	    (e = l->git_config_new(&empty)) == 0)
		e = l->git_repository_set_config(g->repo, empty);
	l->git_config_free(empty);
	l->git_odb_free(odb);
	return e;
}

void
repo_git_free(struct repo_git *g)
{
	if (g == NULL)
		return;
	if (g->repo != NULL)
		g->lib.git_repository_free(g->repo);
	free(g);
}

/* ---- merge -------------------------------------------------------------- */

static fault
cannot_merge(const struct repo *r)
{
	return fault_new(r->dir.broken, "libgit2 cannot merge two trees of %s",
	    repo_path(r));
}

/* Make r->git. */
static fault
start(struct repo *r)
{
	struct repo_git *g = mem_new(sizeof *g);
	fault f = load(&g->lib);

	if (f == NULL && wrap(g, r) != 0)
		f = cannot_merge(r);
	if (f == NULL)
		r->git = g;
	else
		repo_git_free(g);
	return f;
}

static int
merge(git_oid *out, const struct repo_git *g, const struct oid *const oids[3])
{
	const struct lib *l = &g->lib;
	git_merge_options how;
	git_tree *t[3] = { NULL, NULL, NULL };
	git_index *index = NULL;
	git_oid id;
	int e = l->git_merge_options_init(&how, GIT_MERGE_OPTIONS_VERSION);

	how.flags = GIT_MERGE_FAIL_ON_CONFLICT;	/* and no search for renames */
	for (int i = 0; i < 3 && e == 0; i++) {
		if (oids[i] == NULL)
			continue;
		memcpy(id.id, oids[i]->b, OID_LEN);
		e = l->git_tree_lookup(&t[i], g->repo, &id);
	}
	if (e == 0)
		e = l->git_merge_trees(&index, g->repo, t[0], t[1], t[2], &how);
	if (e == 0)
		e = l->git_index_write_tree_to(out, index, g->repo);
	l->git_index_free(index);
	for (int i = 0; i < 3; i++)
		l->git_tree_free(t[i]);
	return e;
}

fault
repo_git_merge(struct oid *out, struct repo *r,
    const struct oid *const trees[3])
{
	git_oid g;
	fault f;
	int e;

	if (r->git == NULL && (f = start(r)) != NULL)
		return f;
	e = merge(&g, r->git, trees);
	if (e == GIT_EMERGECONFLICT)
		return fault_new(FAULT_DECIDE, "two trees were changed in the "
		    "same place");
	if (e != 0)
		return cannot_merge(r);
	memcpy(out->b, g.id, OID_LEN);
	return NULL;
}
