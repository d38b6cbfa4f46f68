/*
 * repo_git -- our objects as libgit2 wants to see them, for its merge of trees
 * alone.
 */
#include <stdlib.h>
#include <string.h>

#include <git2/errors.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>

#include "sync/repo.h"
#include "sync/repo_own.h"

/* libgit2's view of a repository of ours, for its merge of trees. */
struct backend {
	git_odb_backend	parent;		/* first: libgit2 sees only this */
	struct repo	*repo;
};

static struct repo *
repo_of(git_odb_backend *b)
{
	return ((struct backend *)b)->repo;
}

static struct oid
our_name(const git_oid *id)
{
	struct oid o;

	memcpy(o.b, id->id, OID_LEN);
	return o;
}

static int
answer(fault f)
{
	if (f == NULL)
		return 0;
	git_error_set_str(GIT_ERROR_ODB, f->text);
	return f->code == FAULT_ABSENT ? GIT_ENOTFOUND : GIT_ERROR;
}

static int
backend_exists(git_odb_backend *b, const git_oid *id)
{
	struct oid o = our_name(id);

	return repo_has(repo_of(b), &o);
}

static int
backend_read_header(size_t *len, git_object_t *type, git_odb_backend *b,
    const git_oid *id)
{
	struct oid o = our_name(id);
	enum object_type t;
	int e = answer(repo_header(&t, len, repo_of(b), &o));

	if (e == 0)
		*type = repo_type_git(t);
	return e;
}

static int
backend_read(void **data, size_t *len, git_object_t *type, git_odb_backend *b,
    const git_oid *id)
{
	struct oid o = our_name(id);
	struct buf out = BUF_EMPTY;
	enum object_type t;
	int e = answer(repo_object(&out, &t, repo_of(b), &o,
	    REPO_OBJECT_MAX));

	if (e == 0 && (*data = git_odb_backend_data_alloc(b,
	    out.len + 1)) == NULL)
		e = GIT_ERROR;
	if (e == 0) {
		memcpy(*data, buf_cstr(&out), out.len);
		*len = out.len;
		*type = repo_type_git(t);
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
	return answer(repo_write(&o, repo_of(b), OBJECT_TREE,
	    (struct bytes){ data, len }));
}

static void
backend_free(git_odb_backend *b)
{
	free(b);
}

static int
add_backend(git_odb *odb, struct repo *r)
{
	struct backend *b = mem_new(sizeof *b);
	int e = git_odb_init_backend(&b->parent, GIT_ODB_BACKEND_VERSION);

	b->repo = r;
	b->parent.exists = backend_exists;
	b->parent.read_header = backend_read_header;
	b->parent.read = backend_read;
	b->parent.write = backend_write;
	b->parent.free = backend_free;
	if (e == 0)
		e = git_odb_add_backend(odb, &b->parent, 1);
	if (e != 0)
		free(b);
	return e;
}

/* With an empty configuration: else libgit2 goes looking for one. */
bool
repo_wrap(struct repo *r)
{
	git_repository *git = NULL;
	git_config *empty = NULL;
	git_odb *odb = NULL;
	int e;

	if (r->git != NULL)
		return true;
	/*
	 * Only now: starting libgit2 reads every certificate of the system,
	 * which is most of what a short command would do.
	 */
	if (repo_start() != NULL)
		return false;
	if ((e = git_odb_new(&odb)) == 0 && (e = add_backend(odb, r)) == 0 &&
	    (e = git_repository_wrap_odb(&git, odb)) == 0 &&
	    (e = git_config_new(&empty)) == 0)
		e = git_repository_set_config(git, empty);
	git_config_free(empty);
	git_odb_free(odb);
	if (e == 0)
		r->git = git;
	else
		git_repository_free(git);
	return e == 0;
}
