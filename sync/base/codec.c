#include "sync/base/codec.h"

#include <string.h>

#define UV_MAX 10		/* bytes of the greatest */

static void
put_le(struct buf *b, uint64_t v, size_t n)
{
	uint8_t *p = buf_room(b, n);

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * i));
	b->len += n;
}

void
put_u8(struct buf *b, uint8_t v)
{
	put_le(b, v, 1);
}

void
put_u16(struct buf *b, uint16_t v)
{
	put_le(b, v, 2);
}

void
put_u32(struct buf *b, uint32_t v)
{
	put_le(b, v, 4);
}

void
put_u64(struct buf *b, uint64_t v)
{
	put_le(b, v, 8);
}

void
put_uv(struct buf *b, uint64_t v)
{
	uint8_t *p = buf_room(b, UV_MAX);
	size_t n = 0;

	while (v >= 0x80) {
		p[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	p[n++] = (uint8_t)v;
	b->len += n;
}

size_t
uv_len(uint64_t v)
{
	size_t n = 1;

	while ((v >>= 7) > 0)
		n++;
	return n;
}

void
put_counted(struct buf *b, struct bytes s)
{
	put_uv(b, s.len);
	buf_add_bytes(b, s);
}

struct reader
reader_of(struct bytes in)
{
	return (struct reader){ in, 0, false };
}

void
reader_spoil(struct reader *r)
{
	r->spoilt = true;
}

size_t
reader_left(const struct reader *r)
{
	return r->spoilt ? 0 : r->in.len - r->pos;
}

bool
reader_ok(const struct reader *r)
{
	return !r->spoilt;
}

bool
reader_whole(const struct reader *r)
{
	return !r->spoilt && r->pos == r->in.len;
}

struct bytes
get_bytes(struct reader *r, size_t n)
{
	struct bytes s;

	if (r->spoilt || r->in.len - r->pos < n) {
		r->spoilt = true;
		return BYTES_EMPTY;
	}
	s = (struct bytes){ r->in.at + r->pos, n };
	r->pos += n;
	return s;
}

static uint64_t
get_le(struct reader *r, size_t n)
{
	struct bytes s = get_bytes(r, n);
	uint64_t v = 0;

	for (size_t i = 0; i < s.len; i++)
		v |= (uint64_t)s.at[i] << (8 * i);
	return v;
}

uint8_t
get_u8(struct reader *r)
{
	return (uint8_t)get_le(r, 1);
}

uint16_t
get_u16(struct reader *r)
{
	return (uint16_t)get_le(r, 2);
}

uint32_t
get_u32(struct reader *r)
{
	return (uint32_t)get_le(r, 4);
}

uint64_t
get_u64(struct reader *r)
{
	return get_le(r, 8);
}

uint64_t
get_uv(struct reader *r, uint64_t max)
{
	uint64_t v = 0;
	uint8_t b = 0x80;
	unsigned shift;

	for (shift = 0; (b & 0x80) && shift < 64; shift += 7) {
		b = get_u8(r);
		if (shift == 63 && b > 1)
			r->spoilt = true;
		v |= (uint64_t)(b & 0x7f) << shift;
	}
	/* A last byte of zero after the first means a longer form. */
	if ((b & 0x80) || (b == 0 && shift > 7) || v > max)
		r->spoilt = true;
	return r->spoilt ? 0 : v;
}

struct bytes
get_counted(struct reader *r, size_t max)
{
	return get_bytes(r, (size_t)get_uv(r, max));
}

void
get_copy(struct reader *r, void *to, size_t n)
{
	struct bytes s = get_bytes(r, n);

	if (s.len == n && n > 0)
		memcpy(to, s.at, n);
	else
		memset(to, 0, n);
}

void
put_be32(struct buf *b, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		put_u8(b, (uint8_t)(v >> shift));
}

uint32_t
get_be32(struct reader *r)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 8 | get_u8(r);
	return v;
}
