#include "sync/sha1.h"

#include <string.h>

static uint32_t
turn(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static void
put32(uint8_t *p, uint32_t x)
{
	p[0] = (uint8_t)(x >> 24);
	p[1] = (uint8_t)(x >> 16);
	p[2] = (uint8_t)(x >> 8);
	p[3] = (uint8_t)x;
}

/* The four rounds of FIPS 180-4: choose, parity, majority, parity. */
static uint32_t
mix(int i, uint32_t b, uint32_t c, uint32_t d)
{
	if (i < 20)
		return ((b & c) | (~b & d)) + 0x5a827999u;
	if (i < 40)
		return (b ^ c ^ d) + 0x6ed9eba1u;
	if (i < 60)
		return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcu;
	return (b ^ c ^ d) + 0xca62c1d6u;
}

static void
take(struct sha1 *s, const uint8_t *block)
{
	uint32_t w[80] = { 0 }, v[5];

	for (int i = 0; i < 16; i++)
		w[i] = be32(block + 4 * i);
	for (int i = 16; i < 80; i++)
		w[i] = turn(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	memcpy(v, s->h, sizeof v);
	for (int i = 0; i < 80; i++) {
		uint32_t t = turn(v[0], 5) + mix(i, v[1], v[2], v[3]) + v[4] +
		    w[i];

		v[4] = v[3];
		v[3] = v[2];
		v[2] = turn(v[1], 30);
		v[1] = v[0];
		v[0] = t;
	}
	for (int i = 0; i < 5; i++)
		s->h[i] += v[i];
}

void
sha1_start(struct sha1 *s)
{
	static const uint32_t start[5] = { 0x67452301u, 0xefcdab89u,
	    0x98badcfeu, 0x10325476u, 0xc3d2e1f0u };

	memcpy(s->h, start, sizeof start);
	s->len = 0;
}

void
sha1_add(struct sha1 *s, struct bytes data)
{
	size_t have = s->len % 64, n;

	s->len += data.len;
	while (data.len > 0) {
		if (have == 0 && data.len >= 64) {
			take(s, data.at);
			n = 64;
		} else {
			n = data.len < 64 - have ? data.len : 64 - have;
			memcpy(s->block + have, data.at, n);
			have = (have + n) % 64;
			if (have == 0)
				take(s, s->block);
		}
		data.at += n;
		data.len -= n;
	}
}

void
sha1_end(uint8_t out[SHA1_LEN], struct sha1 *s)
{
	uint8_t pad[72] = { 0x80 };
	uint64_t bits = s->len * 8;
	size_t n = 1 + (119 - s->len % 64) % 64;

	put32(pad + n, (uint32_t)(bits >> 32));
	put32(pad + n + 4, (uint32_t)bits);
	sha1_add(s, (struct bytes){ pad, n + 8 });
	for (int i = 0; i < 5; i++)
		put32(out + 4 * i, s->h[i]);
}
