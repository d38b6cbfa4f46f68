/*
 * A roster entry from a stranger: as the next entry of a small roster and as
 * a genesis, signed by whoever would be right.  What is accepted keeps its
 * promises; what is split is put together again byte for byte.
 */
#include <stdlib.h>
#include <string.h>

#include "sync/base/secret.h"
#include "sync/roster.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static const uint8_t pk[32] = { 1 };

static struct commit
commit_of(const struct roster *r)
{
	struct commit c = { .seq = r->seq + 1, .roster_seq = r->seq };

	memcpy(c.ref, "refs/heads/roster", 18);
	memcpy(c.pk, pk, sizeof pk);
	if (r->seq > 0) {
		c.genesis = r->genesis;
		c.prev = c.roster_hash = *roster_entry(r, r->seq);
	}
	memset(c.hash.b, (int)c.seq, sizeof c.hash.b);
	return c;
}

static struct keys *
some_keys(void)
{
	struct keys *k = keys_new();
	uint8_t s[32] = { 7 };

	for (int c = 0; c < COMP_COUNT; c++)
		keys_put_secret(k, (enum compartment)c, 1, s);
	keys_put_tree(k, tree_new(1, s));
	return k;
}

static struct roster *
founded(struct keys *keys)
{
	struct member m = { .caps = 3 };
	struct id project = { { 1 } };
	uint8_t paper[32] = { 9 };
	struct entry e = ENTRY_EMPTY;
	struct buf blob = BUF_EMPTY;
	struct roster *r = roster_new();
	struct commit c = commit_of(r);

	m.device.b[0] = 1;
	memcpy(m.sign_pk, pk, 32);
	entry_project(&e, &project, true);
	entry_member(&e, &m);
	entry_paper(&e, paper, paper);
	if (entry_epoch(&e, &(struct epoch_plan){ 1, 1, NULL,
	    paper }, keys) != NULL ||
	    entry_finish(&blob, &e, 1, keys, NULL) != NULL ||
	    roster_apply(r, &c, buf_view(&blob), keys, NULL) != NULL)
		abort();
	entry_free(&e);
	buf_free(&blob);
	return r;
}

static void
check_split(struct bytes blob)
{
	struct entry_text t;

	if (item_split(&t, blob) == NULL &&
	    (t.before.len + t.box.len != blob.len ||
	    t.items.at != blob.at + 10))
		abort();
}

static void
check_apply(const struct roster *before, struct bytes blob, struct keys *keys)
{
	struct roster *r = roster_copy(before);
	struct commit c = commit_of(r);
	fault f = roster_apply(r, &c, blob, keys, NULL);

	if (r->seq != before->seq + (f == NULL) ||
	    r->nmembers > WIRE_MEMBERS_MAX ||
	    (f != NULL && r->nmembers != before->nmembers))
		abort();
	/* One signature never makes a coordinator. */
	if (before->seq > 0 && roster_coordinators(r) != 1)
		abort();
	roster_free(r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	static struct roster *r, *none;
	static struct keys *keys;
	struct bytes blob = { at, n };

	if (r == NULL) {
		if (secret_start() != NULL)
			abort();
		keys = some_keys();
		none = roster_new();
		r = founded(keys);
	}
	check_split(blob);
	check_apply(none, blob, NULL);
	check_apply(r, blob, NULL);
	check_apply(r, blob, keys);
	return 0;
}
