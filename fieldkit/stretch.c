#include "fieldkit/stretch.h"

#include <time.h>

#include <sodium.h>

#include "sync/base/secret.h"

#define CAP_OPS		10
#define CAP_MEM_KIB	(1u << 20)
#define AIM_MS		1250

const struct stretch_cost stretch_real = { 3, 256u << 10 };
const struct stretch_cost stretch_practice = { 1, 4u << 10 };

fault
stretch_check(const struct stretch_cost *c, bool practice)
{
	const struct stretch_cost *floor = practice ? &stretch_practice :
	    &stretch_real;

	if (c->ops >= floor->ops && c->mem_kib >= floor->mem_kib &&
	    c->ops <= CAP_OPS && c->mem_kib <= CAP_MEM_KIB)
		return NULL;
	return fault_new(FAULT_TRUST, "the keyfile asks for a passphrase "
	    "setting that is not allowed (%u passes, %u KiB); nothing was "
	    "opened", c->ops, c->mem_kib);
}

/* Never with less: whoever has no memory gets no key. */
fault
stretch(uint8_t out[32], const struct stretch_cost *c, struct bytes passphrase,
    const uint8_t salt[16])
{
	const char *at = passphrase.len == 0 ? "" :
	    (const char *)passphrase.at;

	if (crypto_pwhash(out, 32, at, passphrase.len, salt, c->ops,
	    (size_t)c->mem_kib << 10, crypto_pwhash_ALG_ARGON2ID13) == 0)
		return NULL;
	return fault_new(FAULT_FAIL, "this machine has no %u MiB of memory "
	    "free to check the passphrase; nothing was changed and nothing "
	    "weaker was used; close other programs and try again",
	    c->mem_kib >> 10);
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* So many passes that a guess takes more than a second on this machine. */
fault
stretch_calibrate(struct stretch_cost *c)
{
	uint8_t *key = secret_new(32);
	int64_t start = now_ms(), took;
	fault f = stretch(key, c, bytes_of("how fast is this machine"),
	    (const uint8_t *)"0123456789abcdef");

	secret_free(key, 32);
	if (f != NULL)
		return f;
	took = now_ms() - start;
	while (c->ops < CAP_OPS &&
	    took * (c->ops + 1) <= AIM_MS * stretch_real.ops)
		c->ops++;
	return NULL;
}
