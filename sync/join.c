#include "sync/join.h"

#include "sync/base/codec.h"

/* J: what both keys sign. */
static void
put_fields(struct buf *b, const struct join *j)
{
	buf_add(b, j->project.b, WIRE_ID_LEN);
	buf_add(b, j->device.b, WIRE_ID_LEN);
	buf_add(b, j->sign_pk, sizeof j->sign_pk);
	buf_add(b, j->box_pk, sizeof j->box_pk);
	buf_add(b, j->file.b, WIRE_HASH_LEN);
}

void
join_make(struct join *j, const uint8_t once_sk[SIGN_SK],
    const uint8_t new_sk[SIGN_SK])
{
	struct buf b = BUF_EMPTY;

	put_fields(&b, j);
	sign(j->by_once, once_sk, SIGN_JOIN, buf_view(&b));
	sign(j->by_new, new_sk, SIGN_JOIN, buf_view(&b));
	buf_free(&b);
}

bool
join_ok(const struct join *j, const uint8_t once_pk[32])
{
	struct buf b = BUF_EMPTY;
	bool ok;

	put_fields(&b, j);
	ok = sign_ok(j->by_once, once_pk, SIGN_JOIN, buf_view(&b)) &&
	    sign_ok(j->by_new, j->sign_pk, SIGN_JOIN, buf_view(&b));
	buf_free(&b);
	return ok;
}

void
join_encode(struct buf *b, const struct join *j)
{
	put_fields(b, j);
	buf_add(b, j->by_once, sizeof j->by_once);
	buf_add(b, j->by_new, sizeof j->by_new);
}

bool
join_decode(struct join *out, struct bytes in)
{
	struct reader r = reader_of(in);
	struct join j;

	get_copy(&r, j.project.b, WIRE_ID_LEN);
	get_copy(&r, j.device.b, WIRE_ID_LEN);
	get_copy(&r, j.sign_pk, sizeof j.sign_pk);
	get_copy(&r, j.box_pk, sizeof j.box_pk);
	get_copy(&r, j.file.b, WIRE_HASH_LEN);
	get_copy(&r, j.by_once, sizeof j.by_once);
	get_copy(&r, j.by_new, sizeof j.by_new);
	if (!reader_whole(&r))
		return false;
	*out = j;
	return true;
}
