/*
 * What commit_parse accepts is one commit only: written again from the
 * fields, with the signature that was read, it is the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "sync/commit.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static size_t
after_signature(struct bytes raw)
{
	static const char end[] = " -----END SSH SIGNATURE-----\n";
	const uint8_t *p = memmem(raw.at, raw.len, end, sizeof end - 1);

	if (p == NULL)
		abort();
	return (size_t)(p - raw.at) + sizeof end - 1;
}

static void
check(const struct commit *c, struct bytes raw)
{
	struct buf bare = BUF_EMPTY, armor = BUF_EMPTY, again = BUF_EMPTY;
	size_t tail = after_signature(raw), head;

	commit_unsigned(&bare, c);
	sign_armor(&armor, c->pk, SIGN_GIT, c->sig);
	if (bare.len < raw.len - tail)
		abort();
	head = bare.len - (raw.len - tail);
	buf_add(&again, bare.at, head);
	buf_text(&again, "gpgsig ");
	for (size_t i = 0; i < armor.len; i++)
		buf_text(&again, armor.at[i] == '\n' ? "\n " : "%c",
		    armor.at[i]);
	buf_text(&again, "\n");
	buf_add(&again, bare.at + head, bare.len - head);
	if (!bytes_eq(buf_view(&again), raw))
		abort();
	buf_free(&bare);
	buf_free(&armor);
	buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct bytes raw = { at, n };
	struct commit c;

	if (commit_parse(&c, raw) != NULL)
		return 0;
	commit_signed(&c, raw);
	check(&c, raw);
	return 0;
}
