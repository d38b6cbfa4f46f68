/*
 * repo_pack -- objects of one repository into a pack of another.
 */
#include "sync/repo.h"
#include "sync/repo_own.h"

static fault
pack_one(struct packfile *p, struct repo *from, const struct oid *oid,
    size_t max)
{
	struct buf data = BUF_EMPTY;
	enum object_type type;
	fault f = repo_object(&data, &type, from, oid, max);

	if (f == NULL && type == 0)
		f = fault_new(FAULT_FORMAT, "an object in %s is of a kind that "
		    "we never write", repo_path(from));
	if (f == NULL)
		f = packfile_add(p, oid, type, buf_view(&data));
	buf_free(&data);
	return f;
}

fault
repo_pack(struct repo *from, const struct oid *oids, size_t n,
    const struct gitdir *to, size_t max)
{
	struct packfile *p = NULL;
	fault f;

	if (n == 0)
		return NULL;
	if ((f = packfile_begin(&p, to, n)) != NULL)
		return f;
	for (size_t i = 0; i < n && f == NULL; i++)
		f = pack_one(p, from, &oids[i], max);
	if (f == NULL)
		f = packfile_end(p);
	packfile_free(p);
	return f;
}
