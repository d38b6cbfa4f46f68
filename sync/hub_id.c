#include "sync/hub_id.h"

#include <string.h>

#include "sync/base/codec.h"

#define MAGIC "KITHUB"

void
hub_id_put(struct buf *b, const struct hub_id *h)
{
	buf_add(b, MAGIC, strlen(MAGIC));
	put_u16(b, WIRE_FORMAT);
	buf_add(b, h->hub.b, WIRE_ID_LEN);
	buf_add(b, h->project.b, WIRE_ID_LEN);
}

bool
hub_id_get(struct hub_id *out, struct bytes in)
{
	struct reader r = reader_of(in);
	struct hub_id h;
	bool ours;

	ours = bytes_is(get_bytes(&r, strlen(MAGIC)), MAGIC);
	ours = get_u16(&r) == WIRE_FORMAT && ours;
	get_copy(&r, h.hub.b, WIRE_ID_LEN);
	get_copy(&r, h.project.b, WIRE_ID_LEN);
	if (!ours || !reader_whole(&r) || id_zero(&h.hub))
		return false;
	*out = h;
	return true;
}
