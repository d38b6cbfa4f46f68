#include "sync/note.h"

#include "sync/pins.h"

#define NOTE_MAX (4u * WIRE_SEGMENT_MAX)

fault
note_read(struct buf *out, struct repo *repo, const char *ref)
{
	size_t start = out->len;
	struct oid at;
	fault f = ref_get(&at, repo, ref);

	if (f != NULL || oid_zero(&at))
		return f;
	f = repo_read(out, repo, &at, OBJECT_BLOB, NOTE_MAX);
	if (f == NULL || (f->code != FAULT_FORMAT && f->code != FAULT_ABSENT))
		return f;
	out->len = start;
	return NULL;
}

fault
note_write(struct repo *repo, const char *ref, struct bytes text)
{
	struct oid now, oid;
	fault f;

	if ((f = ref_get(&now, repo, ref)) != NULL)
		return f;
	if (text.len == 0)
		return oid_zero(&now) ? NULL : repo_ref_delete(repo, ref);
	if ((f = repo_write(&oid, repo, OBJECT_BLOB, text)) != NULL ||
	    oid_eq(&now, &oid))
		return f;
	return ref_put(repo, ref, &now, &oid);
}
