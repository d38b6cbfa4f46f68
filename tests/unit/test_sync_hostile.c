#include "tests/unit/scene.h"

/* --- a hub that lies ---------------------------------------------------- */

TEST(a_branch_rolled_back_is_an_alarm_and_is_healed)
{
	struct scene s;
	struct oid newest, old;

	scene_start(&s);
	newest = hub_get(s.w.hub, kit_ref(s.amira));
	assert_ok(chain_at(&old, &s.noor->site, &newest, 1));
	hub_set(s.w.hub, kit_ref(s.amira), &old);
	kit_alarm(s.noor, s.w.hub, FIND_ROLLBACK, kit_ref(s.amira));
	assert_int_equal(s.noor->healed, 1);
	assert_int_equal(seq_of(s.noor, kit_ref(s.amira)), 2);
	all_in_step(&s);
	scene_end(&s);
}

TEST(an_own_branch_rolled_back_is_an_alarm_and_is_healed)
{
	struct scene s;
	struct oid newest, old;

	scene_start(&s);
	newest = hub_get(s.w.hub, kit_ref(s.amira));
	assert_ok(chain_at(&old, &s.noor->site, &newest, 1));
	hub_set(s.w.hub, kit_ref(s.amira), &old);
	kit_alarm(s.amira, s.w.hub, FIND_ROLLBACK, kit_ref(s.amira));
	assert_false(s.amira->adopted);
	all_in_step(&s);
	scene_end(&s);
}

TEST(the_roster_rolled_back_is_an_alarm_and_is_healed)
{
	struct scene s;
	struct oid newest, old;
	uint64_t seq;

	scene_start(&s);
	seq = s.bas->site.roster->seq;
	newest = hub_get(s.w.hub, SITE_ROSTER);
	assert_ok(chain_at(&old, &s.noor->site, &newest, seq - 1));
	hub_set(s.w.hub, SITE_ROSTER, &old);
	kit_alarm(s.bas, s.w.hub, FIND_ROLLBACK, SITE_ROSTER);
	assert_int_equal(s.bas->site.roster->seq, seq);
	all_in_step(&s);
	scene_end(&s);
}

TEST(a_branch_deleted_is_an_alarm_and_is_healed)
{
	struct scene s;
	struct oid none = { { 0 } };

	scene_start(&s);
	hub_set(s.w.hub, kit_ref(s.amira), &none);
	kit_alarm(s.noor, s.w.hub, FIND_ROLLBACK, kit_ref(s.amira));
	all_in_step(&s);
	hub_set(s.w.hub, SITE_ROSTER, &none);
	kit_alarm(s.bas, s.w.hub, FIND_ROLLBACK, SITE_ROSTER);
	all_in_step(&s);
	scene_end(&s);
}

TEST(a_hub_restored_from_an_old_copy_is_given_everything_back)
{
	struct scene s;
	struct hub_copy was;

	scene_start(&s);
	was = hub_refs(s.w.hub);
	kit_write(s.amira, 1);
	kit_write(s.bas, 1);
	all_in_step(&s);
	world_merge(&s.w);
	kit_sync(s.noor, s.w.hub);
	kit_sync(s.bas, s.w.hub);
	hub_restore(s.w.hub, &was);
	assert_ok(kit_try(s.bas, s.w.hub));
	assert_true(found(&s.bas->findings, FIND_ROLLBACK, kit_ref(s.amira)));
	assert_true(found(&s.bas->findings, FIND_ROLLBACK, kit_ref(s.bas)));
	assert_true(found(&s.bas->findings, FIND_ROLLBACK, SITE_MAIN));
	all_in_step(&s);
	assert_int_equal(seq_of(s.amira, SITE_MAIN), 1);
	free(was.refs);
	scene_end(&s);
}

/* A main of ours that is behind the pin, as after a restored copy. */
TEST(main_is_never_rewound_on_the_hub)
{
	struct scene s;
	struct oid two, one;

	scene_start(&s);
	world_merge(&s.w);
	kit_sync(s.noor, s.w.hub);
	one = head_of(s.noor, SITE_MAIN);
	kit_write(s.amira, 1);
	all_in_step(&s);
	world_merge(&s.w);
	kit_sync(s.noor, s.w.hub);
	two = hub_get(s.w.hub, SITE_MAIN);
	assert_false(oid_eq(&one, &two));
	assert_ok(ref_put(s.noor->site.repo, SITE_MAIN, &two, &one));
	kit_sync(s.noor, s.w.hub);
	one = hub_get(s.w.hub, SITE_MAIN);
	assert_memory_equal(one.b, two.b, OID_LEN);
	scene_end(&s);
}

/* Its refs stay, and what they name is gone. */
TEST(a_hub_that_lost_its_objects_is_given_them_back)
{
	struct scene s;
	struct kit *carla;
	char out[256];

	scene_start(&s);
	world_merge(&s.w);
	kit_sync(s.noor, s.w.hub);
	kit_sync(s.amira, s.w.hub);
	assert_int_equal(run(out, "find %s/objects -type f -delete",
	    s.w.hub), 0);
	kit_sync(s.amira, s.w.hub);
	assert_int_equal(s.amira->healed, 5);	/* id, roster, two, main */
	kit_sync(s.amira, s.w.hub);
	assert_int_equal(s.amira->healed + s.amira->sent, 0);
	all_in_step(&s);
	carla = world_invite(&s.w);
	kit_write(carla, 1);
	kit_sync(carla, s.w.hub);
	assert_int_equal(seq_of(carla, kit_ref(s.bas)), 2);
	assert_int_equal(seq_of(carla, SITE_MAIN), 1);
	scene_end(&s);
}

TEST(another_hub_that_is_behind_is_healed_without_an_alarm)
{
	struct scene s;
	char stick[128];

	scene_start(&s);
	world_hub(&s.w, stick, "stick");
	kit_sync(s.noor, stick);
	kit_write(s.amira, 1);
	kit_sync(s.amira, s.w.hub);
	kit_sync(s.noor, s.w.hub);
	kit_sync(s.noor, stick);
	assert_int_equal(s.noor->healed, 1);
	scene_end(&s);
}

TEST(two_branches_swapped_are_replayed_and_put_right)
{
	struct scene s;
	struct oid a, b;

	scene_start(&s);
	a = hub_get(s.w.hub, kit_ref(s.amira));
	b = hub_get(s.w.hub, kit_ref(s.bas));
	hub_set(s.w.hub, kit_ref(s.amira), &b);
	hub_set(s.w.hub, kit_ref(s.bas), &a);
	assert_ok(kit_try(s.noor, s.w.hub));
	assert_int_equal(s.noor->findings.n, 2);
	assert_true(found(&s.noor->findings, FIND_REPLAYED,
	    kit_ref(s.amira)));
	assert_true(found(&s.noor->findings, FIND_REPLAYED, kit_ref(s.bas)));
	all_in_step(&s);
	scene_end(&s);
}

TEST(a_branch_of_another_project_is_named_and_put_right)
{
	struct scene s;
	struct world other;
	struct oid oid;

	scene_start(&s);
	world_start(&other);
	kit_write(&other.noor, 1);
	oid = head_of(&other.noor, kit_ref(&other.noor));
	{
		struct repo *r;
		struct push p = { .ref = "refs/heads/x" };
		struct carry *c;

		snprintf(p.ref, sizeof p.ref, "%s", kit_ref(&other.noor));
		p.new = oid;
		assert_ok(carry_open(&c, s.w.hub, NULL));
		assert_ok(carry_push(c, other.noor.site.repo, &p, 1));
		carry_close(c);
		assert_ok(repo_open(&r, s.w.hub));
		assert_ok(repo_ref_delete(r, p.ref));
		repo_close(r);
	}
	hub_set(s.w.hub, kit_ref(s.amira), &oid);
	kit_alarm(s.noor, s.w.hub, FIND_WRONG_PROJECT, kit_ref(s.amira));
	all_in_step(&s);
	world_end(&other);
	scene_end(&s);
}

TEST(another_projects_hub_is_refused)
{
	struct scene s;
	struct world other;
	struct hub_copy before, after;

	scene_start(&s);
	world_start(&other);
	kit_sync(&other.noor, other.hub);
	before = hub_refs(other.hub);
	assert_fault(FAULT_TRUST, kit_try(s.noor, other.hub));
	assert_true(found(&s.noor->findings, FIND_WRONG_PROJECT, NULL));
	after = hub_refs(other.hub);
	assert_int_equal(before.n, after.n);
	free(before.refs);
	free(after.refs);
	/* also when it hides its id */
	hub_set(other.hub, "refs/heads/hub", &(struct oid){ { 0 } });
	assert_fault(FAULT_TRUST, kit_try(s.noor, other.hub));
	assert_true(found(&s.noor->findings, FIND_WRONG_PROJECT,
	    SITE_ROSTER));
	world_end(&other);
	scene_end(&s);
}

TEST(an_unknown_device_branch_is_named_and_left_alone)
{
	struct scene s;
	struct id nobody = id_random();
	char ref[REF_MAX];
	struct oid oid;

	scene_start(&s);
	oid = hub_get(s.w.hub, kit_ref(s.amira));
	ref_device(ref, &nobody);
	hub_set(s.w.hub, ref, &oid);
	hub_set(s.w.hub, "refs/heads/holiday-photos", &oid);
	kit_alarm(s.noor, s.w.hub, FIND_NOT_A_MEMBER, ref);
	assert_int_equal(seq_of(s.noor, ref), 0);
	scene_end(&s);
}

int
main(void)
{
	return WORLD_RUN(
	    T(a_branch_rolled_back_is_an_alarm_and_is_healed),
	    T(an_own_branch_rolled_back_is_an_alarm_and_is_healed),
	    T(the_roster_rolled_back_is_an_alarm_and_is_healed),
	    T(a_branch_deleted_is_an_alarm_and_is_healed),
	    T(a_hub_restored_from_an_old_copy_is_given_everything_back),
	    T(main_is_never_rewound_on_the_hub),
	    T(a_hub_that_lost_its_objects_is_given_them_back),
	    T(another_hub_that_is_behind_is_healed_without_an_alarm),
	    T(two_branches_swapped_are_replayed_and_put_right),
	    T(a_branch_of_another_project_is_named_and_put_right),
	    T(another_projects_hub_is_refused),
	    T(an_unknown_device_branch_is_named_and_left_alone));
}
