#include "sync/delta.h"

#include "sync/base/codec.h"

static uint64_t
get_length(struct reader *r)
{
	uint64_t v = 0;
	uint8_t c = 0x80;

	for (unsigned shift = 0; (c & 0x80) != 0; shift += 7) {
		c = get_u8(r);
		if (shift > 56)
			reader_spoil(r);
		if (!reader_ok(r))
			return 0;
		v |= (uint64_t)(c & 0x7f) << shift;
	}
	return v;
}

bool
delta_head(uint64_t *base, uint64_t *result, size_t *head, struct bytes delta)
{
	struct reader r = reader_of(delta);

	*base = get_length(&r);
	*result = get_length(&r);
	*head = delta.len - reader_left(&r);
	return reader_ok(&r);
}

/* Those of n bytes whose bit is set; the others are zero. */
static size_t
get_sparse(struct reader *r, uint8_t bits, unsigned n)
{
	size_t v = 0;

	for (unsigned i = 0; i < n; i++)
		if ((bits >> i & 1) != 0)
			v |= (size_t)get_u8(r) << (8 * i);
	return v;
}

static void
instruction(struct buf *out, struct reader *r, struct bytes base, size_t left)
{
	uint8_t op = get_u8(r);
	size_t from, n;

	if ((op & 0x80) == 0) {
		struct bytes add = get_bytes(r, op);

		if (op == 0 || op > left)
			reader_spoil(r);
		if (reader_ok(r))
			buf_add_bytes(out, add);
		return;
	}
	from = get_sparse(r, op & 0x0f, 4);
	n = get_sparse(r, op >> 4 & 0x07, 3);
	if (n == 0)
		n = 0x10000;
	if (from > base.len || n > base.len - from || n > left)
		reader_spoil(r);
	if (reader_ok(r))
		buf_add(out, base.at + from, n);
}

bool
delta_apply(struct buf *out, struct bytes base, struct bytes delta, size_t max)
{
	size_t start = out->len, head;
	uint64_t from, to;
	struct reader r;

	if (!delta_head(&from, &to, &head, delta) || from != base.len ||
	    to > max)
		return false;
	r = reader_of((struct bytes){ delta.at + head, delta.len - head });
	while (reader_ok(&r) && reader_left(&r) > 0)
		instruction(out, &r, base, (size_t)to - (out->len - start));
	return reader_whole(&r) && out->len - start == to;
}
