/* A keyfile's bytes: what is accepted encodes to the same bytes. */
#include "fieldkit/keyfile.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
try(struct bytes in)
{
	struct keyfile k = { 0 };
	struct buf b = BUF_EMPTY;

	if (keyfile_decode(&k, in) == NULL) {
		keyfile_encode(&b, &k);
		if (!bytes_eq(in, buf_view(&b)))
			abort();
	}
	buf_free(&b);
	keyfile_free(&k);
}

/* As it is, and with the hash at its end made right, or nothing behind the
 * hash would ever be reached. */
int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	uint8_t *copy;

	try((struct bytes){ at, len });
	if (len < 32)
		return 0;
	if ((copy = malloc(len)) == NULL)
		abort();
	memcpy(copy, at, len);
	crypto_generichash(copy + len - 32, 32, copy, len - 32, NULL, 0);
	try((struct bytes){ copy, len });
	free(copy);
	return 0;
}
