/*
 * First byte even: a whole file from a stranger.  Odd: what lies in the box,
 * as a coordinator's key could have sealed it; what is accepted is written
 * back byte for byte.
 */
#include <stdlib.h>

#include "sync/base/secret.h"
#include "sync/invite_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static void
check_file(struct bytes file)
{
	struct invite in;

	if (invite_open(&in, file, "bakot sodir lefim tobak rafes dimok") ==
	    NULL)
		invite_free(&in);
}

static void
check_text(struct bytes text)
{
	struct invite in = { .nhubs = 0 };
	struct buf again = BUF_EMPTY;

	if (invite_get_text(&in, text) == NULL) {
		invite_put_text(&again, &in);
		if (!bytes_eq(buf_view(&again), text))
			abort();
	}
	buf_wipe(&again);
	invite_free(&in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct bytes rest = { at + 1, n - 1 };

	if (n == 0)
		return 0;
	if (secret_start() != NULL)
		abort();
	if (at[0] % 2 == 0)
		check_file(rest);
	else
		check_text(rest);
	return 0;
}
