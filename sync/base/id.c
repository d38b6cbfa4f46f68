#include "sync/base/id.h"

#include <string.h>

#include <sodium.h>

static const char digits[] = "0123456789abcdef";
static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void
random_fill(void *to, size_t n)
{
	randombytes_buf(to, n);
}

uint32_t
random_below(uint32_t limit)
{
	return randombytes_uniform(limit);
}

struct id
id_random(void)
{
	struct id id;

	random_fill(id.b, sizeof id.b);
	return id;
}

struct id
id_record(uint64_t ms)
{
	struct id id = id_random();

	for (int i = 0; i < 6; i++)
		id.b[i] = (uint8_t)(ms >> (8 * (5 - i)));
	id.b[6] = (uint8_t)((id.b[6] & 0x0f) | 0x70);
	id.b[8] = (uint8_t)((id.b[8] & 0x3f) | 0x80);
	return id;
}

bool
id_eq(const struct id *a, const struct id *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

int
id_cmp(const struct id *a, const struct id *b)
{
	return memcmp(a->b, b->b, sizeof a->b);
}

bool
id_zero(const struct id *a)
{
	return sodium_is_zero(a->b, sizeof a->b) == 1;
}

static void
hex_write(char *to, const uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		to[2 * i] = digits[at[i] >> 4];
		to[2 * i + 1] = digits[at[i] & 15];
	}
	to[2 * n] = '\0';
}

const char *
id_hex(char to[ID_HEX], const struct id *id)
{
	hex_write(to, id->b, sizeof id->b);
	return to;
}

static int
nibble(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool
id_parse(struct id *out, const char *text)
{
	struct id id = { { 0 } };
	size_t n = 0;

	for (; *text != '\0'; text++) {
		int c = *text >= 'A' && *text <= 'F' ? *text + 32 : *text;
		int v = nibble(c);

		if (c == '-')
			continue;
		if (v < 0 || n == 2 * sizeof id.b)
			return false;
		id.b[n / 2] = (uint8_t)(id.b[n / 2] << 4 | v);
		n++;
	}
	if (n != 2 * sizeof id.b)
		return false;
	*out = id;
	return true;
}

struct hash
hash_of(struct bytes in)
{
	struct hash h;

	crypto_generichash(h.b, sizeof h.b, in.at, in.len, NULL, 0);
	return h;
}

bool
hash_eq(const struct hash *a, const struct hash *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

bool
hash_zero(const struct hash *a)
{
	return sodium_is_zero(a->b, sizeof a->b) == 1;
}

const char *
hash_hex(char to[HASH_HEX], const struct hash *h)
{
	hex_write(to, h->b, sizeof h->b);
	return to;
}

bool
hex_parse(void *to, size_t n, struct bytes text)
{
	uint8_t *p = to;

	if (text.len != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int hi = nibble(text.at[2 * i]), lo = nibble(text.at[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		p[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

void
hex_put(struct buf *b, struct bytes s)
{
	buf_room(b, 2 * s.len + 1);
	hex_write((char *)b->at + b->len, s.at, s.len);
	b->len += 2 * s.len;
}

void
base64_put(struct buf *b, struct bytes s)
{
	size_t n = sodium_base64_ENCODED_LEN(s.len,
	    sodium_base64_VARIANT_ORIGINAL);

	buf_room(b, n);
	sodium_bin2base64((char *)b->at + b->len, n, s.at, s.len,
	    sodium_base64_VARIANT_ORIGINAL);
	b->len += n - 1;
}

bool
base64_get(struct buf *out, struct bytes text)
{
	struct buf again = BUF_EMPTY;
	uint8_t *to = buf_room(out, text.len / 4 * 3 + 3);
	size_t n = 0;
	bool ok;

	if (sodium_base642bin(to, text.len / 4 * 3 + 3, (const char *)text.at,
	    text.len, NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
		return false;
	/* One value has one text: the spare bits of the last digit are 0. */
	base64_put(&again, (struct bytes){ to, n });
	ok = bytes_eq(buf_view(&again), text);
	buf_free(&again);
	if (ok)
		out->len += n;
	return ok;
}

void
base32_put(struct buf *b, struct bytes s)
{
	uint32_t acc = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < s.len; i++) {
		acc = (acc << 8 | s.at[i]) & 0xffff;
		for (bits += 8; bits >= 5; bits -= 5)
			buf_add(b, &crockford[acc >> (bits - 5) & 31], 1);
	}
	if (bits > 0)
		buf_add(b, &crockford[acc << (5 - bits) & 31], 1);
}

static int
base32_value(int c)
{
	const char *at;

	if (c >= 'a' && c <= 'z')
		c -= 32;
	if (c == 'O')
		return 0;
	if (c == 'I' || c == 'L')
		return 1;
	at = c == '\0' ? NULL : strchr(crockford, c);
	return at == NULL ? -1 : (int)(at - crockford);
}

bool
base32_get(struct buf *out, struct bytes text)
{
	uint32_t acc = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < text.len; i++) {
		int v = base32_value(text.at[i]);
		uint8_t byte;

		if (text.at[i] == ' ' || text.at[i] == '-')
			continue;
		if (v < 0)
			return false;
		acc = (acc << 5 | (uint32_t)v) & 0xffff;
		bits += 5;
		if (bits >= 8) {
			byte = (uint8_t)(acc >> (bits - 8));
			buf_add(out, &byte, 1);
			bits -= 8;
		}
	}
	return true;
}
