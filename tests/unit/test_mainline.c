#include "tests/unit/forge.h"

/* Noor, her hub, and n admitted devices with one commit each, all held. */
static void
team(struct world *w, size_t n)
{
	struct kit *k;

	world_start(w);
	kit_sync(&w->noor, w->hub);
	for (size_t i = 0; i < n; i++) {
		k = world_invite(w);
		kit_write(k, 1);
		kit_sync(k, w->hub);
		world_admit(w, k);
	}
}

static struct accepted
head_as_accepted(struct kit *in, const struct kit *of)
{
	struct accepted a = { .device = of->site.self };
	struct commit c;

	assert_ok(site_head(&c, &a.oid, &in->site, kit_ref(of)));
	a.seq = c.seq;
	a.hash = c.hash;
	return a;
}

static struct mainline
read_main(struct kit *k)
{
	struct mainline m;
	struct oid head = head_of(k, SITE_MAIN);

	assert_ok(mainline_read(&m, &k->site, &head));
	return m;
}

TEST(a_merge_accepts_every_head_that_moved)
{
	struct world w;
	struct mainline m;

	team(&w, 2);
	kit_write(&w.noor, 1);
	assert_int_equal(world_merge(&w), 3);
	m = read_main(&w.noor);
	assert_int_equal(m.seq, 1);
	assert_int_equal(m.n, 3);
	for (size_t i = 0; i < m.n; i++)
		assert_int_equal(m.at[i].seq, 1);
	mainline_free(&m);
	assert_int_equal(world_merge(&w), 0);
	assert_int_equal(seq_of(&w.noor, SITE_MAIN), 1);
	kit_write(&w.noor, 1);
	assert_int_equal(world_merge(&w), 1);
	m = read_main(&w.noor);
	assert_int_equal(m.seq, 2);
	assert_int_equal(m.n, 3);
	mainline_free(&m);
	world_end(&w);
}

/* Number of main after the drop. */
static uint64_t
drop(struct kit *k)
{
	assert_ok(mainline_drop(&k->site));
	return seq_of(k, SITE_MAIN);
}

/* Who lost the race for main merges again on top of what has bound. */
TEST(what_no_hub_holds_of_main_is_dropped_to_what_one_does)
{
	struct world w;
	struct oid first, second, now, bound;
	uint64_t seq;

	team(&w, 2);
	assert_int_equal(drop(&w.noor), 0);
	assert_int_equal(world_merge(&w), 2);
	assert_int_equal(drop(&w.noor), 0);
	assert_int_equal(world_merge(&w), 2);
	kit_sync(&w.noor, w.hub);
	first = head_of(&w.noor, SITE_MAIN);
	assert_int_equal(drop(&w.noor), 1);
	kit_write(&w.noor, 1);
	assert_int_equal(world_merge(&w), 1);
	assert_ok(mainline_bound(&bound, &seq, &w.noor.site));
	assert_int_equal(seq, 1);
	assert_true(oid_eq(&bound, &first));
	assert_int_equal(drop(&w.noor), 1);
	now = head_of(&w.noor, SITE_MAIN);
	assert_true(oid_eq(&now, &first));
	/* Whatever main was when the round began. */
	assert_int_equal(world_merge(&w), 1);
	kit_sync(&w.noor, w.hub);
	second = head_of(&w.noor, SITE_MAIN);
	assert_ok(ref_put(w.noor.site.repo, SITE_MAIN, &second, &first));
	assert_int_equal(drop(&w.noor), 2);
	world_end(&w);
}

TEST(nine_heads_take_two_commits)
{
	struct world w;
	struct mainline m;

	team(&w, 8);
	kit_write(&w.noor, 1);
	assert_int_equal(world_merge(&w), 9);
	m = read_main(&w.noor);
	assert_int_equal(m.seq, 2);
	assert_int_equal(m.n, 9);
	mainline_free(&m);
	world_end(&w);
}

TEST(others_verify_main_and_know_what_is_accepted)
{
	struct world w;
	struct mainline m;

	team(&w, 2);
	world_merge(&w);
	kit_sync(&w.noor, w.hub);
	kit_sync(&w.kits[0], w.hub);
	m = read_main(&w.kits[0]);
	assert_int_equal(m.seq, 1);
	assert_int_equal(m.n, 2);
	mainline_free(&m);
	world_end(&w);
}

TEST(stock_git_shows_main_as_a_graph_and_finds_nothing_wrong)
{
	struct world w;
	char out[256];

	team(&w, 2);
	world_merge(&w);
	kit_write(&w.noor, 1);
	world_merge(&w);
	kit_sync(&w.noor, w.hub);
	assert_int_equal(run(out, "git clone -q %s plain 2>&1", w.hub), 0);
	/* two of main, and one of each device */
	assert_int_equal(number("git -C plain rev-list main | wc -l"),
	    5);
	assert_int_equal(number("git -C plain ls-tree main | wc -l"), 3);
	assert_int_equal(run(out, "git -C plain fsck --full 2>&1"), 0);
	assert_int_equal(run(out, "git --git-dir=%s fsck --full --strict 2>&1",
	    w.hub), 0);
	assert_int_equal(run(out, "git --git-dir=%s fsck --full 2>&1",
	    w.noor.path), 0);
	world_end(&w);
}

TEST(only_a_coordinator_merges)
{
	struct world w;
	struct accepted a;
	struct merged_head *merged;
	size_t n;

	team(&w, 1);
	a = head_as_accepted(&w.noor, &w.kits[0]);
	assert_fault(FAULT_LOCKED, mainline_merge(&w.kits[0].site, &a, 1,
	    &w.kits[0].signer, &merged, &n));
	world_end(&w);
}

TEST(who_is_not_admitted_is_left_out)
{
	struct world w;
	struct kit *a;

	world_start(&w);
	kit_sync(&w.noor, w.hub);
	a = world_invite(&w);
	kit_write(a, 1);
	kit_sync(a, w.hub);
	kit_sync(&w.noor, w.hub);
	assert_int_equal(world_merge(&w), 0);
	assert_int_equal(seq_of(&w.noor, SITE_MAIN), 0);
	world_end(&w);
}

TEST(a_head_that_does_not_go_on_from_the_accepted_one_is_refused)
{
	struct world w;
	struct kit *a;
	struct accepted at;
	struct merged_head *merged;
	struct forged f;
	struct oid none = { { 0 } };
	size_t n;

	team(&w, 1);
	a = &w.kits[0];
	world_merge(&w);
	f = forge_after(&w.noor.site, a, &none);
	at.oid = forge_put(&w.noor.site, &f);
	f = forge_after(&w.noor.site, a, &at.oid);
	at.oid = forge_put(&w.noor.site, &f);
	at.device = a->site.self;
	at.seq = 2;
	at.hash = f.c.hash;
	assert_fault(FAULT_TRUST, mainline_merge(&w.noor.site, &at, 1,
	    &w.noor.signer, &merged, &n));
	assert_int_equal(seq_of(&w.noor, SITE_MAIN), 1);
	world_end(&w);
}

/* An idle device was accepted long ago: the walk back is remembered. */
TEST(what_is_accepted_is_the_same_with_and_without_the_note)
{
	struct world w;
	struct mainline before, after;

	team(&w, 1);
	for (int i = 0; i < 70; i++) {
		kit_write(&w.noor, 1);
		world_merge(&w);
	}
	before = read_main(&w.noor);
	assert_int_equal(before.n, 2);
	kit_write(&w.noor, 1);
	world_merge(&w);
	after = read_main(&w.noor);
	assert_int_equal(after.n, 2);
	assert_int_equal(after.seq, 71);
	mainline_free(&before);
	before = after;
	assert_ok(repo_ref_delete(w.noor.site.repo, "refs/cache/accepted"));
	after = read_main(&w.noor);
	assert_int_equal(after.n, before.n);
	for (size_t i = 0; i < after.n; i++) {
		assert_true(id_eq(&after.at[i].device, &before.at[i].device));
		assert_int_equal(after.at[i].seq, before.at[i].seq);
		assert_true(oid_eq(&after.at[i].oid, &before.at[i].oid));
		assert_true(hash_eq(&after.at[i].hash, &before.at[i].hash));
	}
	mainline_free(&before);
	mainline_free(&after);
	world_end(&w);
}

/* --- a main that is not honest ------------------------------------------ */

struct scene {
	struct world	w;
	struct kit	*amira, *bas;
	struct oid	main;
	struct commit	c;		/* the next one, honest so far */
	const struct kit *signer;
	struct findings	found;
	struct chain_check check;
};

/* main accepts both at 1; Amira's 2 is held, and next to be accepted. */
static void
scene_start(struct scene *s)
{
	struct commit last, device;
	struct accepted a;

	memset(s, 0, sizeof *s);
	team(&s->w, 2);
	s->amira = &s->w.kits[0];
	s->bas = &s->w.kits[1];
	world_merge(&s->w);
	kit_sync(&s->w.noor, s->w.hub);
	kit_sync(s->amira, s->w.hub);
	kit_write(s->amira, 1);
	kit_sync(s->amira, s->w.hub);
	kit_sync(&s->w.noor, s->w.hub);
	s->main = head_of(&s->w.noor, SITE_MAIN);
	assert_ok(site_commit(&last, &s->w.noor.site, &s->main));
	a = head_as_accepted(&s->w.noor, s->amira);
	assert_ok(site_commit(&device, &s->w.noor.site, &a.oid));
	s->c = (struct commit){ .ref = SITE_MAIN, .seq = 2,
	    .prev = last.hash, .naccepts = 1, .nparents = 2 };
	s->c.generation = 1 + (last.generation > device.generation ?
	    last.generation : device.generation);
	s->c.parents[0] = s->main;
	s->c.parents[1] = a.oid;
	s->c.accepts[0] = (struct accept){ a.device, a.seq, a.hash };
	assert_ok(repo_merge_trees(&s->c.tree, s->w.noor.site.repo, NULL,
	    &device.tree, &device.tree));
	site_quote(&s->w.noor.site, &s->c);
	s->signer = &s->w.noor;
}

/* main's tree with Amira's entry replaced by that of her newest commit. */
static void
right_tree(struct scene *s)
{
	struct site *site = &s->w.noor.site;
	struct tree_entry *is = NULL, *of = NULL;
	struct commit last, device;
	size_t n, one;

	assert_ok(site_commit(&last, site, &s->main));
	assert_ok(site_commit(&device, site, &s->c.parents[1]));
	assert_ok(repo_read_tree(&is, &n, site->repo, &last.tree, 9));
	assert_ok(repo_read_tree(&of, &one, site->repo, &device.tree, 9));
	for (size_t i = 0; i < n; i++)
		if (strcmp(is[i].name, of[0].name) == 0)
			is[i] = of[0];
	assert_ok(repo_write_tree(&s->c.tree, site->repo, is, n));
	free(is);
	free(of);
}

static void
verify(struct scene *s)
{
	s->check = (struct chain_check){ .ref = SITE_MAIN, .from = s->main,
	    .hub = "hub" };
	assert_ok(site_sign(&s->check.to, &s->w.noor.site, &s->c,
	    &s->signer->signer));
	assert_ok(mainline_verify(&s->w.noor.site, &s->check, &s->found));
}

static void
refused(struct scene *s, enum finding_code code)
{
	verify(s);
	if (s->found.n != 1 || s->found.at[0].code != code)
		show_findings(&s->found);
	assert_int_equal(s->found.n, 1);
	assert_int_equal(s->found.at[0].code, code);
	assert_int_equal(s->check.steps, 0);
	findings_free(&s->found);
	world_end(&s->w);
}

TEST(the_honest_next_commit_of_main_is_verified)
{
	struct scene s;

	scene_start(&s);
	right_tree(&s);
	verify(&s);
	show_findings(&s.found);
	assert_int_equal(s.found.n, 0);
	assert_int_equal(s.check.steps, 1);
	world_end(&s.w);
}

/* The cut names a number and a hash; another commit of it is not meant. */
TEST(of_a_cut_coordinator_only_the_named_commit_of_main_counts)
{
	struct scene s;
	struct member *m;
	struct commit c;

	scene_start(&s);
	right_tree(&s);
	verify(&s);
	assert_int_equal(s.check.steps, 1);
	assert_ok(site_commit(&c, &s.w.noor.site, &s.check.to));
	m = (struct member *)roster_member(s.w.noor.site.roster,
	    &s.w.noor.site.self);
	m->cut_at = m->cut_main_seq = 2;
	m->cut_main_hash = c.hash;
	verify(&s);
	assert_int_equal(s.found.n, 0);
	assert_int_equal(s.check.steps, 1);
	m->cut_main_hash.b[5] ^= 1;
	refused(&s, FIND_AFTER_CUT);
}

TEST(a_workers_main_is_not_a_coordinators)
{
	struct scene s;

	scene_start(&s);
	right_tree(&s);
	s.signer = s.amira;
	refused(&s, FIND_NOT_A_MEMBER);
}

TEST(a_tree_that_the_accepts_do_not_make_is_a_foreign_path)
{
	struct scene s;

	scene_start(&s);
	refused(&s, FIND_FOREIGN_PATH);
}

TEST(a_commit_accepted_twice_is_replayed)
{
	struct scene s;
	struct mainline m;

	scene_start(&s);
	right_tree(&s);
	m = read_main(&s.w.noor);
	for (size_t i = 0; i < m.n; i++)
		if (id_eq(&m.at[i].device, &s.amira->site.self)) {
			s.c.accepts[0].seq = m.at[i].seq;
			s.c.accepts[0].hash = m.at[i].hash;
			s.c.parents[1] = m.at[i].oid;
		}
	mainline_free(&m);
	refused(&s, FIND_REPLAYED);
}

TEST(an_accepted_commit_that_is_not_on_the_chain_is_a_fork)
{
	struct scene s;
	struct forged f;
	struct oid first;

	scene_start(&s);
	assert_ok(chain_at(&first, &s.w.noor.site, &s.c.parents[1], 1));
	f = forge_after(&s.w.noor.site, s.amira, &first);
	s.c.parents[1] = forge_put(&s.w.noor.site, &f);
	s.c.accepts[0].hash = f.c.hash;
	right_tree(&s);
	refused(&s, FIND_FORK);
}

TEST(an_accept_line_with_another_hash_is_corrupt)
{
	struct scene s;

	scene_start(&s);
	right_tree(&s);
	s.c.accepts[0].hash.b[0] ^= 1;
	refused(&s, FIND_CORRUPT);
}

TEST(accepting_who_was_not_admitted_is_no_members)
{
	struct scene s;

	scene_start(&s);
	right_tree(&s);
	s.c.accepts[0].device = id_random();
	refused(&s, FIND_NOT_A_MEMBER);
}

TEST(a_main_that_skips_a_number_is_a_gap)
{
	struct scene s;

	scene_start(&s);
	right_tree(&s);
	s.c.seq = 3;
	refused(&s, FIND_GAP);
}

TEST(a_wrong_date_of_main_is_corrupt)
{
	struct scene s;

	scene_start(&s);
	right_tree(&s);
	s.c.generation++;
	refused(&s, FIND_CORRUPT);
}

TEST(an_accepted_commit_that_we_lack_is_for_the_caller)
{
	struct scene s;

	scene_start(&s);
	right_tree(&s);
	s.c.accepts[0].seq = 3;
	verify(&s);
	assert_int_equal(s.found.n, 0);
	assert_true(s.check.ahead);
	assert_int_equal(s.check.steps, 0);
	world_end(&s.w);
}

int
main(void)
{
	return WORLD_RUN(
	    T(a_merge_accepts_every_head_that_moved),
	    T(what_no_hub_holds_of_main_is_dropped_to_what_one_does),
	    T(nine_heads_take_two_commits),
	    T(others_verify_main_and_know_what_is_accepted),
	    T(stock_git_shows_main_as_a_graph_and_finds_nothing_wrong),
	    T(only_a_coordinator_merges),
	    T(who_is_not_admitted_is_left_out),
	    T(a_head_that_does_not_go_on_from_the_accepted_one_is_refused),
	    T(what_is_accepted_is_the_same_with_and_without_the_note),
	    T(the_honest_next_commit_of_main_is_verified),
	    T(of_a_cut_coordinator_only_the_named_commit_of_main_counts),
	    T(a_workers_main_is_not_a_coordinators),
	    T(a_tree_that_the_accepts_do_not_make_is_a_foreign_path),
	    T(a_commit_accepted_twice_is_replayed),
	    T(an_accepted_commit_that_is_not_on_the_chain_is_a_fork),
	    T(an_accept_line_with_another_hash_is_corrupt),
	    T(accepting_who_was_not_admitted_is_no_members),
	    T(a_main_that_skips_a_number_is_a_gap),
	    T(a_wrong_date_of_main_is_corrupt),
	    T(an_accepted_commit_that_we_lack_is_for_the_caller));
}
