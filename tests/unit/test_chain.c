#include "tests/unit/victim.h"

/* --- one defect --------------------------------------------------------- */

TEST(an_honest_continuation_is_verified_to_its_end)
{
	struct scene s;
	struct forged f;
	struct oid a, b;

	scene_start(&s);
	f = third(&s);
	a = forge_put(&s.noor->site, &f);
	f = forge_after(&s.noor->site, s.amira, &a);
	b = forge_put(&s.noor->site, &f);
	verify(&s, &s.second, &b);
	assert_int_equal(s.found.n, 0);
	assert_int_equal(s.check.steps, 2);
	assert_int_equal(s.check.good_seq, 4);
	assert_true(oid_eq(&s.check.good, &b));
	scene_end(&s);
}

TEST(a_segment_beyond_its_bound_is_oversized)
{
	struct scene s;
	struct forged f;

	scene_start(&s);
	f = third(&s);
	f.pad = WIRE_SEGMENT_MAX;
	spoiled(&s, &f, FIND_OVERSIZED);
	scene_end(&s);
}

TEST(a_commit_beyond_its_bound_is_oversized)
{
	struct scene s;
	struct buf b = BUF_EMPTY;
	struct oid oid;

	scene_start(&s);
	memset(buf_room(&b, WIRE_COMMIT_MAX + 1), 'x', WIRE_COMMIT_MAX + 1);
	b.len = WIRE_COMMIT_MAX + 1;
	assert_ok(repo_write(&oid, s.noor->site.repo, OBJECT_COMMIT,
	    buf_view(&b)));
	refused(&s, &s.second, &oid, FIND_OVERSIZED);
	buf_free(&b);
	scene_end(&s);
}

TEST(another_devices_file_is_a_foreign_path)
{
	struct scene s;
	struct forged f;

	scene_start(&s);
	f = third(&s);
	assert_true(ref_entry(f.entry, kit_ref(s.noor)));
	spoiled(&s, &f, FIND_FOREIGN_PATH);
	scene_end(&s);
}

TEST(a_second_file_is_a_foreign_path)
{
	struct scene s;
	struct forged f;
	struct tree_entry e[2];
	struct buf object = BUF_EMPTY, armor = BUF_EMPTY;
	struct oid oid;

	scene_start(&s);
	f = third(&s);
	forge_put(&s.noor->site, &f);
	memcpy(e[0].name, f.entry, sizeof f.entry);
	snprintf(e[1].name, sizeof e[1].name, "autorun.inf");
	assert_ok(repo_write(&e[0].blob, s.noor->site.repo, OBJECT_BLOB,
	    bytes_of("x")));
	e[1].blob = e[0].blob;
	assert_ok(repo_write_tree(&f.c.tree, s.noor->site.repo, e, 2));
	commit_sign(&object, &armor, &f.c, f.pk, f.sk);
	assert_ok(repo_write(&oid, s.noor->site.repo, OBJECT_COMMIT,
	    buf_view(&object)));
	refused(&s, &s.second, &oid, FIND_FOREIGN_PATH);
	buf_free(&object);
	buf_free(&armor);
	scene_end(&s);
}

TEST(another_genesis_is_another_project)
{
	struct scene s;
	struct forged f;

	scene_start(&s);
	f = third(&s);
	f.c.genesis.b[5] ^= 1;
	spoiled(&s, &f, FIND_WRONG_PROJECT);
	scene_end(&s);
}

TEST(a_segment_that_is_not_the_named_one_is_corrupt)
{
	struct scene s;
	struct forged f;

	scene_start(&s);
	f = third(&s);
	f.wrong_seg = true;
	spoiled(&s, &f, FIND_CORRUPT);
	scene_end(&s);
}

TEST(a_date_that_is_not_of_its_place_is_corrupt)
{
	struct scene s;
	struct forged f;

	scene_start(&s);
	f = third(&s);
	f.c.generation += 3600;
	spoiled(&s, &f, FIND_CORRUPT);
	scene_end(&s);
}

TEST(a_missing_blob_is_corrupt)
{
	struct scene s;
	struct forged f;
	struct tree_entry e = { .blob = { { 1, 2, 3 } } };
	struct buf object = BUF_EMPTY, armor = BUF_EMPTY;
	struct oid oid;

	scene_start(&s);
	f = third(&s);
	memcpy(e.name, f.entry, sizeof f.entry);
	forge_put(&s.noor->site, &f);
	assert_ok(repo_write_tree(&f.c.tree, s.noor->site.repo, &e, 1));
	commit_sign(&object, &armor, &f.c, f.pk, f.sk);
	assert_ok(repo_write(&oid, s.noor->site.repo, OBJECT_COMMIT,
	    buf_view(&object)));
	refused(&s, &s.second, &oid, FIND_CORRUPT);
	buf_free(&object);
	buf_free(&armor);
	scene_end(&s);
}

TEST(a_strangers_key_is_no_members)
{
	struct scene s;
	struct forged f;
	uint8_t pk[32], sk[64];

	scene_start(&s);
	f = third(&s);
	sign_keypair(pk, sk);
	f.pk = pk;
	f.sk = sk;
	spoiled(&s, &f, FIND_NOT_A_MEMBER);
	scene_end(&s);
}

TEST(another_members_key_may_not_sign_this_branch)
{
	struct scene s;
	struct forged f;

	scene_start(&s);
	f = third(&s);
	f.pk = s.noor->signer.pk;
	f.sk = s.noor->signer.sk;
	spoiled(&s, &f, FIND_NOT_A_MEMBER);
	scene_end(&s);
}

TEST(the_right_key_with_a_wrong_signature_is_a_bad_signature)
{
	struct scene s;
	struct forged f;

	scene_start(&s);
	f = third(&s);
	f.sk = s.noor->signer.sk;
	spoiled(&s, &f, FIND_BAD_SIGNATURE);
	scene_end(&s);
}

TEST(records_of_who_may_only_read_are_not_entitled)
{
	struct scene s;
	struct forged f;
	struct oid oid;

	scene_start(&s);
	for (size_t i = 0; i < s.noor->site.roster->nmembers; i++)
		if (id_eq(&s.noor->site.roster->members[i].device,
		    &s.amira->site.self))
			s.noor->site.roster->members[i].caps = 0;
	f = third(&s);
	oid = forge_put(&s.noor->site, &f);
	verify(&s, &s.second, &oid);
	assert_int_equal(s.found.n, 0);	/* she may announce */
	f.head.flags = 0;
	f.head.epoch = f.head.dictionary = 1;
	spoiled(&s, &f, FIND_NOT_A_MEMBER);
	scene_end(&s);
}

TEST(a_commit_of_another_branch_is_replayed)
{
	struct scene s;
	struct forged f;

	scene_start(&s);
	kit_write(s.noor, 1);
	f = forge_after(&s.noor->site, s.noor, &s.second);
	spoiled(&s, &f, FIND_REPLAYED);
	scene_end(&s);
}

TEST(a_segment_of_another_place_is_replayed)
{
	struct scene s;
	struct forged f;

	scene_start(&s);
	f = third(&s);
	f.head.device = s.noor->site.self;
	spoiled(&s, &f, FIND_REPLAYED);
	f = third(&s);
	f.head.project.b[0] ^= 1;
	spoiled(&s, &f, FIND_REPLAYED);
	f = third(&s);
	f.head.seq++;
	spoiled(&s, &f, FIND_REPLAYED);
	f = third(&s);
	f.head.prev.b[0] ^= 1;
	spoiled(&s, &f, FIND_REPLAYED);
	scene_end(&s);
}

TEST(a_second_commit_of_one_number_is_a_fork)
{
	struct scene s;
	struct forged f;
	struct oid oid;

	scene_start(&s);
	f = forge_after(&s.noor->site, s.amira, &s.first);
	oid = forge_put(&s.noor->site, &f);
	refused(&s, &s.first, &oid, FIND_FORK);
	scene_end(&s);
}

TEST(a_number_or_hash_that_does_not_follow_is_a_gap)
{
	struct scene s;
	struct forged f;

	scene_start(&s);
	f = third(&s);
	f.head.seq = ++f.c.seq;
	spoiled(&s, &f, FIND_GAP);
	f = third(&s);
	f.c.prev.b[7] ^= 1;
	f.head.prev = f.c.prev;
	spoiled(&s, &f, FIND_GAP);
	scene_end(&s);
}

/* The hash names number 2, but git's parent is number 1. */
TEST(a_parent_that_is_not_the_one_before_is_a_gap)
{
	struct scene s;
	struct forged f;
	struct oid oid;

	scene_start(&s);
	f = third(&s);
	f.c.parents[0] = s.first;
	f.c.generation--;
	s.check.drafts = true;
	oid = forge_put(&s.noor->site, &f);
	refused(&s, &s.first, &oid, FIND_GAP);
	scene_end(&s);
}

TEST(what_comes_after_the_cut_is_kept_apart)
{
	struct scene s;
	struct forged f;
	struct member *m = NULL;
	struct oid a, b;
	struct commit c;

	scene_start(&s);
	f = third(&s);
	a = forge_put(&s.noor->site, &f);
	f = forge_after(&s.noor->site, s.amira, &a);
	b = forge_put(&s.noor->site, &f);
	for (size_t i = 0; i < s.noor->site.roster->nmembers; i++)
		if (id_eq(&s.noor->site.roster->members[i].device,
		    &s.amira->site.self))
			m = &s.noor->site.roster->members[i];
	assert_ok(site_commit(&c, &s.noor->site, &a));
	m->cut_at = 9;
	m->cut_seq = 3;
	m->cut_hash = c.hash;
	verify(&s, &s.second, &b);
	assert_true(oid_eq(&s.check.good, &a));
	assert_int_equal(s.found.n, 1);
	assert_int_equal(s.found.at[0].code, FIND_AFTER_CUT);
	assert_int_equal(s.found.at[0].seq, 4);
	assert_true(s.check.cut);
	/* Another commit at the cut's number is not what was cut. */
	m->cut_hash.b[0] ^= 1;
	refused(&s, &s.second, &b, FIND_AFTER_CUT);
	scene_end(&s);
}

TEST(a_quoted_roster_that_goes_back_or_is_another_is_a_gap)
{
	struct scene s;
	struct forged f;

	scene_start(&s);
	f = third(&s);
	f.c.roster_seq = 1;
	f.c.roster_hash = *roster_entry(s.noor->site.roster, 1);
	spoiled(&s, &f, FIND_GAP);
	f = third(&s);
	f.c.roster_hash.b[9] ^= 1;
	spoiled(&s, &f, FIND_GAP);
	scene_end(&s);
}

TEST(a_quoted_roster_that_we_do_not_hold_is_for_the_caller)
{
	struct scene s;
	struct forged f;
	struct oid oid;

	scene_start(&s);
	f = third(&s);
	f.c.roster_seq = s.noor->site.roster->seq + 1;
	oid = forge_put(&s.noor->site, &f);
	verify(&s, &s.second, &oid);
	assert_int_equal(s.found.n, 0);
	assert_int_equal(s.check.steps, 0);
	assert_true(s.check.ahead);
	scene_end(&s);
}

TEST(the_verified_part_before_a_defect_counts)
{
	struct scene s;
	struct forged f;
	struct oid a, b;

	scene_start(&s);
	f = third(&s);
	a = forge_put(&s.noor->site, &f);
	f = forge_after(&s.noor->site, s.amira, &a);
	f.wrong_seg = true;
	b = forge_put(&s.noor->site, &f);
	verify(&s, &s.second, &b);
	assert_int_equal(s.check.steps, 1);
	assert_true(oid_eq(&s.check.good, &a));
	assert_int_equal(s.found.n, 1);
	assert_int_equal(s.found.at[0].code, FIND_CORRUPT);
	scene_end(&s);
}

int
main(void)
{
	return WORLD_RUN(
	    T(an_honest_continuation_is_verified_to_its_end),
	    T(a_segment_beyond_its_bound_is_oversized),
	    T(a_commit_beyond_its_bound_is_oversized),
	    T(another_devices_file_is_a_foreign_path),
	    T(a_second_file_is_a_foreign_path),
	    T(another_genesis_is_another_project),
	    T(a_segment_that_is_not_the_named_one_is_corrupt),
	    T(a_date_that_is_not_of_its_place_is_corrupt),
	    T(a_missing_blob_is_corrupt),
	    T(a_strangers_key_is_no_members),
	    T(another_members_key_may_not_sign_this_branch),
	    T(the_right_key_with_a_wrong_signature_is_a_bad_signature),
	    T(records_of_who_may_only_read_are_not_entitled),
	    T(a_commit_of_another_branch_is_replayed),
	    T(a_segment_of_another_place_is_replayed),
	    T(a_second_commit_of_one_number_is_a_fork),
	    T(a_number_or_hash_that_does_not_follow_is_a_gap),
	    T(a_parent_that_is_not_the_one_before_is_a_gap),
	    T(what_comes_after_the_cut_is_kept_apart),
	    T(a_quoted_roster_that_goes_back_or_is_another_is_a_gap),
	    T(a_quoted_roster_that_we_do_not_hold_is_for_the_caller),
	    T(the_verified_part_before_a_defect_counts));
}
