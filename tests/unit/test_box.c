#include "tests/unit/scratch.h"

#include "fieldkit/box.h"
#include "fieldkit/vault.h"

static void
some_home(struct home *h, const char *name)
{
	static const uint8_t paper[32] = { 9 };

	*h = (struct home)HOME_EMPTY;
	h->path = at(name);
	h->practice = true;
	h->project = id_random();
	h->device = id_random();
	assert_ok(file_mkdir(h->path, 0700));
	assert_ok(home_build(h, bytes_of("geheim"), paper));
	assert_ok(home_draw_signer(h));
}

static size_t
held(struct home *h, uint8_t first[BOX_LEN])
{
	struct boxes b;
	size_t n;

	assert_ok(box_read(&b, h));
	n = b.n;
	memcpy(first, b.at[0].pk, BOX_LEN);
	box_free(&b);
	return n;
}

TEST(a_new_key_is_announced_once_and_the_older_stays_beside_it)
{
	uint8_t first[BOX_LEN], now[BOX_LEN];
	struct home h;
	bool due;

	some_home(&h, "renew");
	assert_int_equal(held(&h, first), 1);
	assert_memory_equal(first, h.signer.box_pk, BOX_LEN);
	assert_ok(box_due(&due, &h));
	assert_false(due);		/* we joined with it */
	assert_ok(box_renew(&h));
	assert_int_equal(held(&h, now), 2);
	assert_memory_equal(now, h.signer.box_pk, BOX_LEN);
	assert_memory_not_equal(now, first, BOX_LEN);
	assert_ok(box_due(&due, &h));
	assert_true(due);
	assert_ok(box_announced(&h));
	assert_ok(box_due(&due, &h));
	assert_false(due);
	assert_ok(box_repeat(&h));
	assert_ok(box_due(&due, &h));
	assert_true(due);
	home_close(&h);
}

TEST(never_more_than_two_are_held)
{
	uint8_t pk[BOX_LEN];
	struct home h;

	some_home(&h, "two");
	for (int i = 0; i < 3; i++)
		assert_ok(box_renew(&h));
	assert_int_equal(held(&h, pk), 2);
	assert_ok(box_forget_old(&h));
	assert_int_equal(held(&h, pk), 1);
	assert_memory_equal(pk, h.signer.box_pk, BOX_LEN);
	home_close(&h);
}

TEST(the_older_goes_after_five_syncs_that_followed_the_announcement)
{
	uint8_t pk[BOX_LEN];
	struct home h;

	some_home(&h, "syncs");
	assert_ok(box_renew(&h));
	for (int i = 0; i < 2 * BOX_SYNCS; i++)
		assert_ok(box_synced(&h));	/* nobody knows it yet */
	assert_int_equal(held(&h, pk), 2);
	assert_ok(box_announced(&h));
	for (int i = 0; i < BOX_SYNCS - 1; i++)
		assert_ok(box_synced(&h));
	assert_int_equal(held(&h, pk), 2);
	assert_ok(box_synced(&h));
	assert_int_equal(held(&h, pk), 1);
	home_close(&h);
}

int
main(void)
{
	int r;

	if (!scratch_make() || secret_start() != NULL ||
	    vault_start(NULL) != NULL)
		return 1;
	r = RUN(
	    T(a_new_key_is_announced_once_and_the_older_stays_beside_it),
	    T(never_more_than_two_are_held),
	    T(the_older_goes_after_five_syncs_that_followed_the_announcement));
	return scratch_remove() ? r : 1;
}
