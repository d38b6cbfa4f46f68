#include "tests/unit/world.h"

struct sent {
	uint64_t	seq[64];
	size_t		first[64], n[64], calls;
	size_t		stop_at;	/* fail in this call; 0: never */
};

static fault
note(void *arg, uint64_t seq, size_t first, size_t n)
{
	struct sent *s = arg;

	s->seq[s->calls] = seq;
	s->first[s->calls] = first;
	s->n[s->calls++] = n;
	return s->calls == s->stop_at ?
	    fault_new(FAULT_FAIL, "the database is full") : NULL;
}

TEST(nothing_to_do_makes_no_commit)
{
	struct world w;
	struct publish p = { .nchanges = 0 };
	size_t commits = 7;

	world_start(&w);
	assert_ok(publish(&w.noor.site, &p, &w.noor.signer, &commits));
	assert_int_equal(commits, 0);
	assert_int_equal(seq_of(&w.noor, kit_ref(&w.noor)), 0);
	world_end(&w);
}

TEST(changes_become_a_signed_commit_that_opens_again)
{
	struct world w;

	world_start(&w);
	kit_write(&w.noor, 3);
	kit_write(&w.noor, 2);
	assert_int_equal(seq_of(&w.noor, kit_ref(&w.noor)), 2);
	assert_int_equal(opened_of(&w.noor, &w.noor), 5);
	world_end(&w);
}

TEST(urgent_changes_go_first_in_a_commit_of_their_own)
{
	struct world w;
	struct change c[5];
	const struct change *list[5];
	struct sent s = { .calls = 0 };
	struct publish p = { .changes = list, .nchanges = 5, .done = note,
	    .arg = &s };
	size_t commits;

	world_start(&w);
	for (int i = 0; i < 5; i++)
		c[i] = make_change(&w.noor);
	/* 3 and 5 are urgent; then 1, 2, 4. */
	list[0] = &c[2], list[1] = &c[4];
	list[2] = &c[0], list[3] = &c[1], list[4] = &c[3];
	assert_ok(publish(&w.noor.site, &p, &w.noor.signer, &commits));
	assert_int_equal(commits, 2);
	assert_int_equal(s.calls, 2);
	assert_int_equal(s.n[0], 2);
	assert_int_equal(s.first[1], 2);
	assert_int_equal(s.n[1], 3);
	assert_int_equal(opened_of(&w.noor, &w.noor), 5);
	for (int i = 0; i < 5; i++)
		change_free(&c[i]);
	world_end(&w);
}

/* Random text does not shrink, so 40 of 60 KiB need at least 3 commits. */
TEST(what_does_not_fit_one_commit_takes_several)
{
	enum { N = 40, LEN = 60 << 10 };
	struct world w;
	struct change c[N];
	const struct change *list[N];
	struct sent s = { .calls = 0 };
	struct publish p = { .changes = list, .nchanges = N, .done = note,
	    .arg = &s };
	uint8_t *text = malloc((size_t)N * LEN);
	size_t commits, sum = 0;

	world_start(&w);
	random_fill(text, (size_t)N * LEN);
	for (size_t i = 0; i < N; i++) {
		c[i] = make_change(&w.noor);
		c[i].fields[0].val[0] = (struct bytes){ text + i * LEN, LEN };
		list[i] = &c[i];
	}
	assert_ok(publish(&w.noor.site, &p, &w.noor.signer, &commits));
	assert_true(commits >= 3);
	assert_int_equal(s.calls, commits);
	for (size_t i = 0; i < s.calls; i++) {
		assert_int_equal(s.first[i], sum);
		assert_int_equal(s.seq[i], i + 1);
		sum += s.n[i];
	}
	assert_int_equal(sum, N);
	assert_int_equal(opened_of(&w.noor, &w.noor), N);
	for (size_t i = 0; i < N; i++)
		change_free(&c[i]);
	free(text);
	world_end(&w);
}

TEST(a_stop_after_a_commit_leaves_a_chain_that_goes_on)
{
	struct world w;
	struct change c[2];
	const struct change *list[2] = { &c[1], &c[0] };
	struct sent s = { .stop_at = 1 };
	struct publish p = { .changes = list, .nchanges = 2, .done = note,
	    .arg = &s };
	size_t commits;

	world_start(&w);
	c[0] = make_change(&w.noor);
	c[1] = make_change(&w.noor);
	assert_fault(FAULT_FAIL, publish(&w.noor.site, &p, &w.noor.signer,
	    &commits));
	assert_int_equal(commits, 1);
	assert_int_equal(opened_of(&w.noor, &w.noor), 1);
	p.changes++;
	p.nchanges--;
	assert_ok(publish(&w.noor.site, &p, &w.noor.signer, &commits));
	assert_int_equal(opened_of(&w.noor, &w.noor), 2);
	change_free(&c[0]);
	change_free(&c[1]);
	world_end(&w);
}

TEST(announcements_need_no_secret)
{
	struct world w;
	struct publish p = { .box = true, .epoch = 1 };
	struct oid head;
	struct commit c;
	size_t commits;

	world_start(&w);
	w.noor.site.keys = NULL;
	assert_ok(publish(&w.noor.site, &p, &w.noor.signer, &commits));
	assert_int_equal(commits, 1);
	assert_ok(site_head(&c, &head, &w.noor.site, kit_ref(&w.noor)));
	assert_true(c.has_box && c.has_epoch && !c.has_join);
	assert_memory_equal(c.box, w.noor.signer.box_pk, 32);
	assert_int_equal(c.epoch, 1);
	world_end(&w);
}

TEST(without_the_newest_keys_changes_wait_and_announcements_go)
{
	struct world w;
	struct change c;
	const struct change *list[1] = { &c };
	struct publish p = { .changes = list, .nchanges = 1, .box = true };
	size_t commits;

	world_start(&w);
	c = make_change(&w.noor);
	w.noor.site.keys = NULL;
	assert_fault(FAULT_LOCKED, publish(&w.noor.site, &p, &w.noor.signer,
	    &commits));
	assert_int_equal(commits, 1);
	change_free(&c);
	world_end(&w);
}

TEST(the_join_line_stands_in_the_first_commit_only)
{
	struct world w;
	struct kit *a;
	struct oid head, first;
	struct commit c;

	world_start(&w);
	a = world_invite(&w);
	kit_write(a, 1);
	kit_write(a, 1);
	assert_ok(site_head(&c, &head, &a->site, kit_ref(a)));
	assert_false(c.has_join);
	assert_ok(chain_at(&first, &a->site, &head, 1));
	assert_ok(site_commit(&c, &a->site, &first));
	assert_true(c.has_join);
	assert_memory_equal(c.join.sign_pk, a->signer.pk, 32);
	world_end(&w);
}

TEST(collecting_goes_on_after_what_was_opened)
{
	struct world w;
	size_t n = 0;

	world_start(&w);
	for (int i = 1; i <= 4; i++)
		kit_write(&w.noor, (size_t)i);
	assert_ok(collect(&w.noor.site, &w.noor.site.self, 2, count_changes,
	    &n));
	assert_int_equal(n, 3 + 4);
	n = 0;
	assert_ok(collect(&w.noor.site, &w.noor.site.self, 4, count_changes,
	    &n));
	assert_int_equal(n, 0);
	world_end(&w);
}

TEST(a_pending_device_gives_nothing_and_an_admitted_one_all)
{
	struct world w;
	struct kit *a;

	world_start(&w);
	kit_sync(&w.noor, w.hub);
	a = world_invite(&w);
	kit_write(a, 3);
	kit_sync(a, w.hub);
	assert_int_equal(opened_of(a, a), 3);
	kit_sync(&w.noor, w.hub);
	assert_int_equal(seq_of(&w.noor, kit_ref(a)), 1);
	assert_int_equal(opened_of(&w.noor, a), 0);
	world_admit(&w, a);
	assert_int_equal(opened_of(&w.noor, a), 3);
	world_end(&w);
}

/* The roster of an invitation ends before the entry that invites. */
TEST(who_is_in_no_roster_yet_opens_its_own)
{
	struct world w;
	struct kit *k;

	world_start(&w);
	k = world_invite(&w);
	k->site.self = id_random();
	k->joiner = false;
	kit_write(k, 2);
	kit_write(k, 1);
	assert_null(roster_member(k->site.roster, &k->site.self));
	assert_int_equal(opened_of(k, k), 3);
	world_end(&w);
}

TEST(a_locked_kit_opens_nothing)
{
	struct world w;
	size_t n = 0;

	world_start(&w);
	kit_write(&w.noor, 1);
	w.noor.site.keys = NULL;
	assert_fault(FAULT_LOCKED, collect(&w.noor.site, &w.noor.site.self, 0,
	    count_changes, &n));
	assert_int_equal(n, 0);
	world_end(&w);
}

static fault
refuse(void *arg, const struct collected *c)
{
	++*(size_t *)arg;
	return c->commit->seq == 2 ? fault_new(FAULT_FAIL, "disk full") : NULL;
}

TEST(a_taker_that_fails_stops_the_chain_there)
{
	struct world w;
	size_t n = 0;

	world_start(&w);
	for (int i = 0; i < 3; i++)
		kit_write(&w.noor, 1);
	assert_fault(FAULT_FAIL, collect(&w.noor.site, &w.noor.site.self, 0,
	    refuse, &n));
	assert_int_equal(n, 2);
	world_end(&w);
}

TEST(what_pins_show_is_testified_once)
{
	struct world w;
	struct kit *a, *b;
	struct oid head;
	struct commit c;
	struct segment_head h;
	struct buf blob = BUF_EMPTY;

	world_start(&w);
	kit_sync(&w.noor, w.hub);
	a = world_invite(&w);
	b = world_invite(&w);
	kit_write(a, 1);
	kit_sync(a, w.hub);
	kit_sync(b, w.hub);
	for (int i = 0; i < 2; i++) {
		kit_write(b, 1);
		assert_ok(site_head(&c, &head, &b->site, kit_ref(b)));
		buf_clear(&blob);
		assert_ok(site_blob(&blob, &b->site, &c));
		assert_ok(segment_read_head(&h, buf_view(&blob)));
		assert_int_equal(h.nseen, i == 0 ? 1 : 0);
		if (i == 0) {
			assert_memory_equal(h.seen[0].device, a->site.self.b,
			    4);
			assert_int_equal(h.seen[0].seq, 1);
		}
		segment_head_free(&h);
	}
	buf_free(&blob);
	world_end(&w);
}

int
main(void)
{
	return WORLD_RUN(
	    T(nothing_to_do_makes_no_commit),
	    T(changes_become_a_signed_commit_that_opens_again),
	    T(urgent_changes_go_first_in_a_commit_of_their_own),
	    T(what_does_not_fit_one_commit_takes_several),
	    T(a_stop_after_a_commit_leaves_a_chain_that_goes_on),
	    T(announcements_need_no_secret),
	    T(without_the_newest_keys_changes_wait_and_announcements_go),
	    T(the_join_line_stands_in_the_first_commit_only),
	    T(collecting_goes_on_after_what_was_opened),
	    T(a_pending_device_gives_nothing_and_an_admitted_one_all),
	    T(who_is_in_no_roster_yet_opens_its_own),
	    T(a_locked_kit_opens_nothing),
	    T(a_taker_that_fails_stops_the_chain_there),
	    T(what_pins_show_is_testified_once));
}
