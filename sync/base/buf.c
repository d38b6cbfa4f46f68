#include "sync/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

static void
out_of_memory(void)
{
	static const char text[] = "fieldkit: out of memory; "
	    "what was saved before is safe\n";

	fwrite(text, 1, sizeof text - 1, stderr);
	exit(1);
}

void *
mem_new(size_t n)
{
	void *p = calloc(1, n == 0 ? 1 : n);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *
mem_grow(void *p, size_t n)
{
	p = realloc(p, n == 0 ? 1 : n);
	if (p == NULL)
		out_of_memory();
	return p;
}

char *
mem_text(const char *s)
{
	return bytes_dup(bytes_of(s));
}

uint8_t *
buf_room(struct buf *b, size_t n)
{
	size_t want;

	if (n > SIZE_MAX / 4 - b->len)
		out_of_memory();
	if (b->touched < b->len + n)
		b->touched = b->len + n;
	if (b->room - b->len >= n && b->at != NULL)
		return b->at + b->len;
	want = b->room < 64 ? 64 : b->room * 2;
	if (want < b->len + n + 1)
		want = b->len + n + 1;
	b->at = mem_grow(b->at, want);
	b->room = want;
	return b->at + b->len;
}

void
buf_add(struct buf *b, const void *at, size_t n)
{
	uint8_t *to = buf_room(b, n);

	if (n > 0)
		memcpy(to, at, n);
	b->len += n;
}

void
buf_add_bytes(struct buf *b, struct bytes s)
{
	buf_add(b, s.at, s.len);
}

void
buf_text(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	buf_room(b, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf((char *)b->at + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

const char *
buf_cstr(struct buf *b)
{
	*buf_room(b, 1) = 0;
	return (const char *)b->at;
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
}

void
buf_free(struct buf *b)
{
	free(b->at);
	*b = (struct buf)BUF_EMPTY;
}

void
buf_wipe(struct buf *b)
{
	if (b->at != NULL)
		sodium_memzero(b->at, b->touched);
	buf_free(b);
}

struct bytes
buf_view(const struct buf *b)
{
	return (struct bytes){ b->at, b->len };
}

struct bytes
bytes_of(const char *cstr)
{
	return (struct bytes){ (const uint8_t *)cstr, strlen(cstr) };
}

int
bytes_cmp(struct bytes a, struct bytes b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n == 0 ? 0 : memcmp(a.at, b.at, n);

	if (c != 0)
		return c;
	return a.len < b.len ? -1 : a.len > b.len;
}

bool
bytes_eq(struct bytes a, struct bytes b)
{
	return bytes_cmp(a, b) == 0;
}

bool
bytes_is(struct bytes a, const char *cstr)
{
	return bytes_eq(a, bytes_of(cstr));
}

char *
bytes_dup(struct bytes a)
{
	char *s = mem_new(a.len + 1);

	if (a.len > 0)
		memcpy(s, a.at, a.len);
	return s;
}

/* Length of the well-formed sequence at p, 0 if there is none (RFC 3629). */
static size_t
utf8_step(const uint8_t *p, size_t left)
{
	size_t n;
	uint32_t c, least;

	if (p[0] < 0x80)
		return p[0] != 0;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	least = n == 2 ? 0x80 : n == 3 ? 0x800 : 0x10000;
	if (left < n)
		return 0;
	c = p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return n;
}

bool
bytes_utf8(struct bytes a)
{
	for (size_t i = 0, n; i < a.len; i += n)
		if ((n = utf8_step(a.at + i, a.len - i)) == 0)
			return false;
	return true;
}
