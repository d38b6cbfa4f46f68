#include "sync/sha1.h"

void
sha1_start(struct sha1 *s)
{
	SHA1Init(&s->md);
}

void
sha1_add(struct sha1 *s, struct bytes data)
{
	SHA1Update(&s->md, data.at, data.len);
}

void
sha1_end(uint8_t out[SHA1_LEN], struct sha1 *s)
{
	SHA1Final(out, &s->md);
}
