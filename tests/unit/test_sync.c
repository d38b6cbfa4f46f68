#include "tests/unit/scene.h"

/* --- an honest hub ------------------------------------------------------ */

TEST(three_devices_hold_the_same_after_two_rounds)
{
	struct scene s;

	scene_start(&s);
	kit_write(s.noor, 2);
	kit_write(s.amira, 3);
	kit_write(s.bas, 4);
	all_in_step(&s);
	assert_int_equal(opened_of(s.noor, s.amira), 5);
	assert_int_equal(opened_of(s.amira, s.bas), 6);
	assert_int_equal(opened_of(s.bas, s.noor), 2);
	scene_end(&s);
}

TEST(the_first_hub_of_the_coordinator_becomes_the_home)
{
	struct scene s;
	struct oid oid;
	struct commit c;
	struct buf blob = BUF_EMPTY;
	struct hub_id id;

	scene_start(&s);
	oid = hub_get(s.w.hub, "refs/heads/hub");
	assert_ok(site_commit(&c, &s.noor->site, &oid));
	assert_ok(site_blob(&blob, &s.noor->site, &c));
	assert_true(hub_id_get(&id, buf_view(&blob)));
	assert_true(id_eq(&id.hub, &s.noor->site.roster->home));
	assert_true(id_eq(&id.project, &s.noor->site.project));
	assert_int_equal(s.noor->site.bound, s.noor->site.roster->seq);
	buf_free(&blob);
	scene_end(&s);
}

static unsigned
packs_of(const char *hub)
{
	return (unsigned)number("find %s -newer stamp -type f | wc -l", hub);
}

TEST(a_sync_of_nothing_writes_nothing)
{
	struct scene s;
	char out[256];

	scene_start(&s);
	all_in_step(&s);
	run(out, "sleep 0.05; touch stamp; sleep 0.05");
	kit_sync(s.bas, s.w.hub);
	assert_int_equal(s.bas->sent + s.bas->received + s.bas->healed, 0);
	assert_int_equal(packs_of(s.w.hub), 0);
	assert_int_equal(packs_of(s.bas->path), 0);
	scene_end(&s);
}

TEST(a_locked_device_carries)
{
	struct scene s;
	struct keys *keys;

	scene_start(&s);
	kit_write(s.bas, 1);
	kit_write(s.amira, 1);
	kit_sync(s.amira, s.w.hub);
	keys = s.bas->site.keys;
	s.bas->site.keys = NULL;
	s.bas->site.signer = NULL;
	assert_ok(kit_try_as(s.bas, s.w.hub, NULL));
	assert_int_equal(s.bas->findings.n, 0);
	assert_int_equal(s.bas->received, 1);
	assert_int_equal(s.bas->sent, 1);
	s.bas->site.keys = keys;
	s.bas->site.signer = &s.bas->signer;
	scene_end(&s);
}

TEST(a_stick_carries_what_others_wrote)
{
	struct scene s;
	char stick[128];

	scene_start(&s);
	world_hub(&s.w, stick, "stick");
	kit_sync(s.noor, stick);	/* names it, gives copies of all */
	kit_write(s.amira, 1);
	kit_sync(s.amira, stick);
	kit_sync(s.bas, stick);
	assert_int_equal(seq_of(s.bas, kit_ref(s.amira)), 3);
	/* and Bas takes it to the hub, where Noor finds it */
	kit_sync(s.bas, s.w.hub);
	kit_sync(s.noor, s.w.hub);
	assert_int_equal(seq_of(s.noor, kit_ref(s.amira)), 3);
	scene_end(&s);
}

TEST(delivered_is_what_any_hub_has_shown)
{
	struct scene s;
	uint64_t seq;

	scene_start(&s);
	kit_write(s.amira, 1);
	assert_ok(sync_delivered(&seq, &s.amira->site, &s.amira->site.self));
	assert_int_equal(seq, 2);
	kit_sync(s.amira, s.w.hub);
	assert_ok(sync_delivered(&seq, &s.amira->site, &s.amira->site.self));
	assert_int_equal(seq, 3);
	scene_end(&s);
}

TEST(a_draft_of_the_roster_goes_to_the_home_only)
{
	struct scene s;
	char stick[128];
	struct entry e = ENTRY_EMPTY;
	struct member m = { .device = id_random(), .caps = CAP_WRITE };
	struct oid copy;

	scene_start(&s);
	world_hub(&s.w, stick, "stick");
	random_fill(m.once_pk, 32);
	random_fill(m.file.b, 32);
	entry_invite(&e, &m);
	entry_name(&e, &m.device, ROLE_WORKER, "Cas");
	append_entry(s.noor, &e);
	assert_int_equal(s.noor->site.bound + 1, s.noor->site.roster->seq);
	kit_sync(s.noor, stick);
	assert_int_equal(s.noor->site.bound + 1, s.noor->site.roster->seq);
	copy = hub_get(stick, SITE_ROSTER);
	assert_true(!oid_zero(&copy));
	kit_sync(s.bas, stick);
	assert_int_equal(s.bas->site.roster->seq, s.noor->site.bound);
	kit_sync(s.noor, s.w.hub);
	assert_int_equal(s.noor->site.bound, s.noor->site.roster->seq);
	scene_end(&s);
}

TEST(an_own_branch_that_was_ahead_is_adopted)
{
	struct scene s;
	struct oid newest, before;
	char pin[REF_MAX];

	scene_start(&s);
	before = head_of(s.amira, kit_ref(s.amira));
	kit_write(s.amira, 1);
	kit_sync(s.amira, s.w.hub);
	newest = head_of(s.amira, kit_ref(s.amira));
	/* Her repository is restored from before, pins and all. */
	assert_ok(repo_ref_move(s.amira->site.repo, kit_ref(s.amira), &newest,
	    &before));
	pin_name(pin, &s.noor->site.roster->home, kit_ref(s.amira));
	assert_ok(repo_ref_move(s.amira->site.repo, pin, &newest, &before));
	kit_sync(s.amira, s.w.hub);
	assert_true(s.amira->adopted);
	assert_int_equal(s.amira->sent, 0);
	assert_memory_equal(head_of(s.amira, kit_ref(s.amira)).b, newest.b,
	    OID_LEN);
	all_in_step(&s);
	scene_end(&s);
}

TEST(a_pending_chain_goes_on_from_sync_to_sync)
{
	struct world w;
	struct kit *a;

	world_start(&w);
	kit_sync(&w.noor, w.hub);
	a = world_invite(&w);
	for (uint64_t i = 1; i <= 3; i++) {
		kit_write(a, 1);
		kit_sync(a, w.hub);
		kit_sync(&w.noor, w.hub);
		assert_int_equal(seq_of(&w.noor, kit_ref(a)), i);
	}
	world_end(&w);
}

TEST(main_goes_to_other_hubs_only_when_the_home_has_it)
{
	struct scene s;
	char stick[128];
	struct oid main;

	scene_start(&s);
	world_hub(&s.w, stick, "stick");
	kit_sync(s.noor, stick);
	world_merge(&s.w);
	kit_sync(s.noor, stick);
	main = hub_get(stick, SITE_MAIN);
	assert_true(oid_zero(&main));
	kit_sync(s.noor, s.w.hub);
	kit_sync(s.noor, stick);
	main = hub_get(stick, SITE_MAIN);
	assert_memory_equal(main.b, head_of(s.noor, SITE_MAIN).b, OID_LEN);
	kit_sync(s.bas, stick);
	assert_int_equal(seq_of(s.bas, SITE_MAIN), 1);
	scene_end(&s);
}

TEST(of_two_who_name_a_hub_one_does)
{
	struct scene s;
	char stick[128];
	struct carry *c;
	struct sync sync;
	struct oid first, second;

	scene_start(&s);
	world_hub(&s.w, stick, "stick");
	assert_ok(carry_open(&c, stick, NULL));
	assert_ok(sync_begin(&sync, &s.amira->site, c));
	assert_ok(sync_fetch_first(&sync));
	kit_sync(s.bas, stick);
	first = hub_get(stick, "refs/heads/hub");
	assert_ok(sync_name_hub(&sync, &s.amira->signer));
	second = hub_get(stick, "refs/heads/hub");
	assert_true(oid_eq(&first, &second));
	assert_false(id_zero(&sync.hub));
	assert_ok(sync_push(&sync, &s.amira->signer));
	sync_end(&sync);
	carry_close(c);
	kit_sync(s.noor, stick);
	scene_end(&s);
}

TEST(a_locked_device_cannot_name_a_hub)
{
	struct scene s;
	char stick[128];

	scene_start(&s);
	world_hub(&s.w, stick, "stick");
	assert_fault(FAULT_LOCKED, kit_try_as(s.bas, stick, NULL));
	scene_end(&s);
}

/* --- joiners ------------------------------------------------------------ */

TEST(a_joiners_changes_open_when_its_admission_has_bound)
{
	struct world w;
	struct kit *a;
	struct entry e = ENTRY_EMPTY;

	world_start(&w);
	kit_sync(&w.noor, w.hub);
	a = world_invite(&w);
	kit_write(a, 2);
	kit_sync(a, w.hub);
	kit_sync(&w.noor, w.hub);
	entry_admit(&e, &a->site.self, a->signer.pk, a->signer.box_pk);
	append_entry(&w.noor, &e);
	assert_int_equal(opened_of(&w.noor, a), 0);
	kit_sync(&w.noor, w.hub);
	assert_int_equal(opened_of(&w.noor, a), 2);
	world_end(&w);
}

TEST(an_invitation_used_twice_is_named_and_the_work_kept)
{
	struct world w;
	struct kit *first, second;
	struct oid mine;

	memset(&second, 0, sizeof second);
	world_start(&w);
	kit_sync(&w.noor, w.hub);
	first = world_invite_twice(&w, &second);
	kit_write(first, 1);
	kit_write(&second, 1);
	mine = head_of(&second, kit_ref(&second));
	kit_sync(first, w.hub);
	kit_alarm(&second, w.hub, FIND_REPLAYED, kit_ref(first));
	assert_true(second.frozen);
	/* the same when the first has been admitted, and locked */
	world_admit(&w, first);
	kit_alarm(&second, w.hub, FIND_REPLAYED, kit_ref(first));
	second.site.signer = NULL;
	assert_ok(kit_try_as(&second, w.hub, NULL));
	assert_true(found(&second.findings, FIND_REPLAYED, kit_ref(first)));
	assert_true(second.frozen);
	assert_memory_equal(head_of(&second, kit_ref(&second)).b, mine.b,
	    OID_LEN);
	kit_end(&second);
	world_end(&w);
}

TEST(a_second_joiner_who_has_written_nothing_adopts_nothing)
{
	struct world w;
	struct kit *first, second;

	memset(&second, 0, sizeof second);
	world_start(&w);
	kit_sync(&w.noor, w.hub);
	first = world_invite_twice(&w, &second);
	kit_write(first, 1);
	kit_sync(first, w.hub);
	kit_alarm(&second, w.hub, FIND_REPLAYED, kit_ref(first));
	assert_int_equal(seq_of(&second, kit_ref(&second)), 0);
	kit_end(&second);
	world_end(&w);
}

/* Bas carried the second joiner's chain by a stick; the first was admitted. */
TEST(the_chain_of_the_admitted_joiner_takes_the_others_place)
{
	struct world w;
	struct kit *first, *bas, second;
	char stick[128];

	memset(&second, 0, sizeof second);
	world_start(&w);
	kit_sync(&w.noor, w.hub);
	bas = world_invite(&w);
	first = world_invite_twice(&w, &second);
	world_hub(&w, stick, "stick");
	kit_sync(&w.noor, stick);
	kit_write(&second, 1);
	kit_sync(&second, stick);
	kit_sync(bas, stick);
	assert_int_equal(seq_of(bas, kit_ref(first)), 1);
	kit_write(first, 1);
	kit_write(first, 1);
	kit_sync(first, w.hub);
	world_admit(&w, first);
	kit_sync(bas, w.hub);
	assert_int_equal(seq_of(bas, kit_ref(first)), 2);
	assert_int_equal(opened_of(bas, first), 2);
	kit_end(&second);
	world_end(&w);
}

TEST(a_pending_device_does_not_found_hubs)
{
	struct world w;
	struct kit *a;
	char stick[128];
	struct hub_copy refs;

	world_start(&w);
	kit_sync(&w.noor, w.hub);
	a = world_invite(&w);
	kit_write(a, 1);
	world_hub(&w, stick, "stick");
	assert_fault(FAULT_HUB, kit_try(a, stick));
	refs = hub_refs(stick);
	assert_int_equal(refs.n, 0);
	free(refs.refs);
	world_end(&w);
}

TEST(a_chain_waits_until_the_roster_holds_its_invitation)
{
	struct world w;
	struct kit *a;
	struct oid oid;

	world_start(&w);
	kit_sync(&w.noor, w.hub);
	a = world_invite(&w);
	kit_write(a, 1);
	a->site.self = id_random();	/* as if its entry were a draft yet */
	kit_write(a, 1);
	kit_sync(a, w.hub);
	assert_true(a->held_back);
	oid = hub_get(w.hub, kit_ref(a));
	assert_true(oid_zero(&oid));
	world_end(&w);
}

int
main(void)
{
	return WORLD_RUN(
	    T(three_devices_hold_the_same_after_two_rounds),
	    T(the_first_hub_of_the_coordinator_becomes_the_home),
	    T(a_sync_of_nothing_writes_nothing),
	    T(a_locked_device_carries),
	    T(a_stick_carries_what_others_wrote),
	    T(delivered_is_what_any_hub_has_shown),
	    T(a_draft_of_the_roster_goes_to_the_home_only),
	    T(an_own_branch_that_was_ahead_is_adopted),
	    T(a_pending_chain_goes_on_from_sync_to_sync),
	    T(main_goes_to_other_hubs_only_when_the_home_has_it),
	    T(of_two_who_name_a_hub_one_does),
	    T(a_locked_device_cannot_name_a_hub),
	    T(a_joiners_changes_open_when_its_admission_has_bound),
	    T(an_invitation_used_twice_is_named_and_the_work_kept),
	    T(a_second_joiner_who_has_written_nothing_adopts_nothing),
	    T(the_chain_of_the_admitted_joiner_takes_the_others_place),
	    T(a_pending_device_does_not_found_hubs),
	    T(a_chain_waits_until_the_roster_holds_its_invitation));
}
